import type * as z from 'zod'
import type { Scope } from '../domain/caller.ts'

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE'

/** One endpoint of the API, as data: the gateway, the router, the OpenAPI document and the clients all read it. */
export type Route<Input extends z.ZodType = z.ZodType, Output extends z.ZodType = z.ZodType> = {
  id: string
  method: Method
  /** Under `/api/v1`, with `{name}` parameters. */
  path: string
  /** Further full paths of the same endpoint. */
  alsoAt?: readonly string[]
  /** What its callers must hold (`mayDo`); `any`: whoever is let in. */
  scope: Scope | 'any'
  summary: string
  tag: string
  /** Parameters, query and body as one object; `body` fields come from the JSON body. */
  input: Input
  /** Which fields of the input come from path, query or headers; all others form the body. */
  from?: { path?: readonly string[]; query?: readonly string[]; headers?: Readonly<Record<string, string>> }
  success: {
    status: 200 | 201 | 202 | 204
    description: string
    output: Output
    /** The name of the output in the OpenAPI document, where its schema has none. */
    name?: string
    /** The path of the created resource under `/api/v1`, with members of the output; sent as `Location`. */
    location?: string
  }
  /** Statuses of problem documents that this endpoint can answer with, besides 400, 429 and 500. */
  problems?: readonly number[]
}

export const API_PREFIX = '/api/v1'

export function defineRoute<Input extends z.ZodType, Output extends z.ZodType>(
  route: Route<Input, Output>,
): Route<Input, Output> {
  return route
}

/** The whole paths of a route. */
export const pathsOf = ({ path, alsoAt = [] }: Route): string[] => [`${API_PREFIX}${path}`, ...alsoAt]

/** The gateway's catch-all path, for requests that match no route; they are refused. */
export const OTHER_REQUESTS = '/{proxy+}'
