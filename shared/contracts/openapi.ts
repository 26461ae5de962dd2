import * as z from 'zod'
import { API_PREFIX, type Route } from './route.ts'
import { ProblemSchema } from './views.ts'

/** The OpenAPI 3.1 document of a list of routes. */
export function makeOpenApi(routes: readonly Route[], version: string): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {}
  for (const route of routes) {
    const path = `${API_PREFIX}${route.path}`
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operation(route) }
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Orchestrator', version, description: 'Tasks, agents, workflows and plans.' },
    paths,
    components: { schemas: { Problem: jsonSchema(ProblemSchema, 'output') } },
  }
}

type JsonSchemaObject = { properties?: Record<string, unknown>; required?: string[] }

function operation(route: Route): Record<string, unknown> {
  const input = jsonSchema(route.input, 'input') as JsonSchemaObject
  const { path = [], query = [], headers = {} } = route.from ?? {}
  const outside = new Set([...path, ...query, ...Object.keys(headers)])
  const body = Object.fromEntries(
    Object.entries(input.properties ?? {}).filter(([name]) => !outside.has(name)),
  )
  const parameter = (name: string, where: string, as = name) => ({
    name: as,
    in: where,
    required: where === 'path',
    schema: input.properties?.[name] ?? {},
  })
  return {
    operationId: route.id,
    summary: route.summary,
    tags: [route.tag],
    parameters: [
      ...path.map((name) => parameter(name, 'path')),
      ...query.map((name) => parameter(name, 'query')),
      ...Object.entries(headers).map(([name, header]) => parameter(name, 'header', header)),
    ],
    ...((route.method === 'POST' || route.method === 'PUT') && Object.keys(body).length > 0
      ? { requestBody: requestBody({ ...input, properties: body }, outside) }
      : {}),
    responses: responses(route),
  }
}

function requestBody(schema: JsonSchemaObject, outside: ReadonlySet<string>): Record<string, unknown> {
  const required = (schema.required ?? []).filter((name) => !outside.has(name))
  return {
    required: required.length > 0,
    content: { 'application/json': { schema: { ...schema, required } } },
  }
}

function responses({ success, problems = [] }: Route): Record<string, unknown> {
  const problem = {
    content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
  }
  const failures = [400, ...problems, 429, 500].map((status) => [
    status,
    { description: TITLES[status] ?? 'Problem', ...problem },
  ])
  const content = { 'application/json': { schema: jsonSchema(success.output, 'output') } }
  return { [success.status]: { description: success.description, content }, ...Object.fromEntries(failures) }
}

/** Titles of problem documents by status, as RFC 9110 names them. */
export const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  402: 'Payment Required',
  404: 'Not Found',
  405: 'Method Not Allowed',
  409: 'Conflict',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  422: 'Unprocessable Content',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
}

function jsonSchema(schema: z.ZodType, io: 'input' | 'output'): Record<string, unknown> {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, {
    io,
    unrepresentable: 'any',
    reused: 'inline',
  })
  return rest
}
