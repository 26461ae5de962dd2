/**
 * Lambda authorizers of HTTP APIs (REQUEST, payload format 2.0, simple responses), as API Gateway calls them.
 *
 * Invariants (tests cite them):
 * authorizer/A1 a request without one of the identity sources is answered 401, and no function is called
 * authorizer/A2 what a function has answered is kept for its time under the values of the identity sources, errors are not
 * authorizer/A3 what is not `isAuthorized: true` is answered 403, an error or another form 500
 */
import type { IncomingHttpHeaders } from 'node:http'
import * as z from 'zod'
import type { Invocation } from '../lambda/function-settings.ts'

export type Authorizer = {
  id: string
  functionArn: string
  /** Selection expressions: `$request.header.Authorization`, `$request.querystring.key`. */
  identitySources: readonly string[]
  ttlSeconds: number
}

export type Request = { headers: IncomingHttpHeaders; query: URLSearchParams }
type Verdict = { context: Record<string, unknown> } | { status: 401 | 403 | 500 }
type Kept = { verdict: Verdict; until: number }

const AnswerSchema = z.object({
  isAuthorized: z.boolean(),
  context: z.record(z.string(), z.unknown()).nullish(),
})

/** A bound for what is kept; the oldest go first. */
const MOST_KEPT = 1_000

type Settings = {
  invoke(functionArn: string, payload: string): Promise<Invocation>
  /** Milliseconds. */
  now(): number
}

export class Authorizers {
  readonly #kept = new Map<string, Kept>()
  readonly #settings: Settings

  constructor(settings: Settings) {
    this.#settings = settings
  }

  /** What the authorizer says of a request; `event` is what the function gets besides. */
  async ask(authorizer: Authorizer, request: Request, event: object): Promise<Verdict> {
    const values = authorizer.identitySources.map((source) => selected(source, request))
    if (values.some((value) => value === undefined || value === '')) return { status: 401 }
    const key = JSON.stringify([authorizer.id, ...values])
    const kept = this.#kept.get(key)
    if (kept && kept.until > this.#settings.now()) return kept.verdict
    this.#kept.delete(key)
    const payload = JSON.stringify({ version: '2.0', type: 'REQUEST', identitySource: values, ...event })
    const verdict = verdictOf(await this.#settings.invoke(authorizer.functionArn, payload))
    if (authorizer.ttlSeconds > 0 && values.length > 0 && !('status' in verdict && verdict.status === 500))
      this.#keep(key, { verdict, until: this.#settings.now() + 1_000 * authorizer.ttlSeconds })
    return verdict
  }

  #keep(key: string, kept: Kept): void {
    const [oldest] = this.#kept.keys()
    if (this.#kept.size >= MOST_KEPT && oldest !== undefined) this.#kept.delete(oldest)
    this.#kept.set(key, kept)
  }
}

function verdictOf(outcome: Invocation): Verdict {
  if ('functionError' in outcome) return { status: 500 }
  const { data } = AnswerSchema.safeParse(parsed(outcome.payload))
  if (data === undefined) return { status: 500 }
  return data.isAuthorized ? { context: data.context ?? {} } : { status: 403 }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

function selected(source: string, { headers, query }: Request): string | undefined {
  const [, kind, name = ''] = /^\$request\.(header|querystring)\.(.+)$/.exec(source) ?? []
  if (kind === 'querystring') return query.get(name) ?? undefined
  const value = kind === 'header' ? headers[name.toLowerCase()] : undefined
  return Array.isArray(value) ? value.join(',') : value
}
