/** The table "What happens when an agent throws X" in docs/reference/agent-api.md: each row is run as it stands. */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import {
  type AgentContext,
  type DefinedAgent,
  defineAgent,
  FinalError,
  OrchestratorError,
  RetryableError,
} from '../../../shared/agent/index.ts'
import { WorkflowSchema } from '../../../shared/workflow/schema.ts'
import { testWorkflow } from '../../../testing/index.ts'
import { CAPABILITY, runInWorld } from '../../support/cloud/workflow-world.ts'

type Row = { thrown: string; name: string; counts: string[]; then: string }

const PAGE = join(import.meta.dirname, '../../../docs/reference/agent-api.md')
/** `maxAttempts` in the place of the table's `n`. */
const N = 4
const POLICIES = [undefined, { maxAttempts: N }, { maxAttempts: N, on: ['error', 'timeout'] }]
const CHEAPEST = { quality: 0, cost: 1, latency: 0 }

const rows: Row[] = readFileSync(PAGE, 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('| '))
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .filter((cells) => cells.length === 8 && /^\d/.test(cells[3] ?? ''))
  .map(([, thrown = '', name = '', ...rest]) => ({
    thrown,
    name,
    counts: rest.slice(0, 3),
    then: rest[3] ?? '',
  }))

const failing = (member: object, message = 'it failed'): (() => never) => {
  return () => {
    throw Object.assign(new Error(message), member)
  }
}
const of = (error: Error): (() => never) => {
  return () => {
    throw error
  }
}

/** A port at which nothing listens any more. */
async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** What an agent does in each row; several forms of the same. */
const FORMS: Record<string, ((context: AgentContext) => unknown)[]> = {
  "`new RetryableError('later')`": [of(new RetryableError('later'))],
  "`new RetryableError('later', {retryAfterSeconds: 90})`": [
    of(new RetryableError('later', { retryAfterSeconds: 90 })),
  ],
  "`new RetryableError('later', {retryAfterSeconds: 100_000})`, more than a day": [
    of(new RetryableError('later', { retryAfterSeconds: 100_000 })),
  ],
  "`new FinalError('closed')`": [of(new FinalError('closed'))],
  "`new Error('boom')`, and any other value": [
    of(new Error('boom')),
    of(new TypeError('fetch failed')),
    failing({ code: 'ENOENT' }),
    failing({ code: 'UND_ERR_INVALID_ARG' }),
    () => {
      throw 'a text'
    },
    () => Promise.reject(undefined),
  ],
  'a connection that fails (`ECONNREFUSED`, `ECONNRESET`, `ETIMEDOUT`, `EAI_AGAIN`, `UND_ERR_*` ...), also as a `cause`':
    [
      ...['ECONNREFUSED', 'ECONNRESET', 'ETIMEDOUT', 'EAI_AGAIN', 'UND_ERR_SOCKET'].map((code) =>
        failing({ code }),
      ),
      of(
        new TypeError('fetch failed', {
          cause: Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }),
        }),
      ),
      of(
        new TypeError('fetch failed', {
          cause: new AggregateError([Object.assign(new Error('connect'), { code: 'ETIMEDOUT' })]),
        }),
      ),
      // A real one.
      async () => fetch(`http://127.0.0.1:${await closedPort()}/`),
    ],
  'an error with an HTTP status of 408, 425, 429 or 5xx': [
    ...[408, 425, 429, 500, 502, 503, 504].map((status) => failing({ status })),
    failing({ statusCode: 503 }),
    failing({ response: { status: 503 } }),
    failing({ $metadata: { httpStatusCode: 500 } }),
  ],
  'an error with such a status and `retry-after: 90` in its headers': [
    failing({ status: 429, headers: new Headers({ 'retry-after': '90' }) }),
    failing({ statusCode: 503, responseHeaders: { 'Retry-After': '90' } }),
    failing({ response: new Response('', { status: 503, headers: { 'retry-after': '90' } }) }),
  ],
  'an error with another HTTP status, such as 404': [
    failing({ status: 404 }),
    failing({ response: { status: 400 } }),
  ],
  'an AWS SDK error with `$retryable`, or one of throttling': [
    failing({ name: 'SomeException', $retryable: { throttling: true } }),
    failing({ name: 'ThrottlingException', $metadata: { httpStatusCode: 400 } }),
  ],
  '`AbortSignal.timeout` of its own (`TimeoutError`)': [
    () =>
      new Promise((_, reject) => {
        const signal = AbortSignal.timeout(1)
        signal.addEventListener('abort', () => reject(signal.reason))
      }),
  ],
  'nothing within `timeoutSeconds` of the step': [() => new Promise(() => {})],
  'an output that its schema, or JSON, does not allow': [() => 7, () => ({ said: 7n })],
  "`new OrchestratorError('ConfigError', 'no key is set')`": [
    of(new OrchestratorError('ConfigError', 'no key is set')),
  ],
  "`new OrchestratorError('InvalidInputError', 'no such customer')`": [
    of(new OrchestratorError('InvalidInputError', 'no such customer')),
  ],
}
/** A process that dies is no function that a test could hand over: the rows of its ends, with the names by which Lambda tells them. */
const DYING: Readonly<Record<string, string[]>> = {
  'a crash of its process: `process.exit`, out of memory': [
    'Lambda.Unknown',
    'Runtime.ExitError',
    'Runtime.OutOfMemory',
  ],
  'a promise that is rejected, and that nothing awaits': ['Runtime.UnhandledPromiseRejection'],
}

/** Two agents, of which the first always fails so. */
function agents(act: (context: AgentContext) => unknown): DefinedAgent[] {
  return ['first', 'second'].map((id, at) =>
    defineAgent({
      id,
      version: '1.0.0',
      description: 'for tests',
      price: { perCallUsd: at },
      capabilities: {
        [CAPABILITY]: { description: 'works', input: z.json(), output: z.object({ said: z.json() }) },
      },
      execute: async (_call, context) => (at === 0 ? act(context) : { said: 'done' }) as { said: string },
    }),
  )
}

type Told = { agentId: string; error: { name: string } }
const callsIn = (cell: string): number => Number.parseInt(cell.replace('n', String(N)), 10)

function expectRow(
  { name, then }: Pick<Row, 'name' | 'then'>,
  cell: string,
  ran: { status: string; attempts: readonly Told[] },
  /** The error name of the last attempt, if it differs from the others. */
  lastName = name,
): void {
  const calls = callsIn(cell)
  const wanted = Array.from({ length: calls }, (_, at) => ({
    agentId: 'first',
    name: at === calls - 1 ? lastName : name,
  }))
  expect({
    attempts: ran.attempts.map(({ agentId, error }) => ({ agentId, name: error.name })),
    status: ran.status,
  }).toEqual({ attempts: wanted, status: then === 'next agent' ? 'succeeded' : 'failed' })
}

it('has a form of each row, and a row of each form', () => {
  expect(rows.map(({ thrown }) => thrown).toSorted()).toEqual(
    [...Object.keys(FORMS), ...Object.keys(DYING)].toSorted(),
  )
})

describe.each(rows.filter(({ thrown }) => !Object.hasOwn(DYING, thrown)))('$thrown', (row) => {
  it.each(POLICIES.map((retry, at) => ({ retry, cell: row.counts[at] ?? '' })))(
    'is called $cell times with retry $retry',
    async ({ retry, cell }) => {
      for (const act of FORMS[row.thrown] ?? []) {
        const step = { capability: CAPABILITY, timeoutSeconds: 0.5, ...(retry ? { retry } : {}) }
        const { steps, calls } = await testWorkflow(
          { name: 'w', steps: { a: step } },
          { agents: agents(act), prefer: CHEAPEST },
        )
        expectRow(row, cell, { status: steps.a?.status ?? '', attempts: steps.a?.attempts ?? [] })
        const ofFirst = calls.filter(({ agentId }) => agentId === 'first')
        const waits = ofFirst.slice(1).map(({ atSeconds }, at) => atSeconds - (ofFirst[at]?.atSeconds ?? 0))
        const [, least] = /, (\d+) s apart/.exec(cell) ?? []
        if (least) for (const wait of waits) expect(wait).toBeGreaterThanOrEqual(Number(least))
        else for (const wait of waits) expect(wait).toBeLessThan(60)
      }
    },
  )
})

describe.each(rows.filter(({ thrown }) => Object.hasOwn(DYING, thrown)))('$thrown', (row) => {
  const [unknown = '', ...others] = row.name.split(/; the last one | or /)
  const names = DYING[row.thrown] ?? []

  it('is recorded by one of the names that Lambda gives it', () => {
    expect([unknown, ...others]).toEqual(names)
  })

  it.each(POLICIES.map((retry, at) => ({ retry, cell: row.counts[at] ?? '' })))(
    'is called $cell times with retry $retry',
    async ({ retry, cell }) => {
      for (const error of names) {
        const steps = { a: { capability: CAPABILITY, ...(retry ? { retry } : {}) } }
        const { steps: ran } = await runInWorld(WorkflowSchema.parse({ name: 'w', steps }), null, {
          agents: ['first', 'second'],
          runOf: ({ agentId }) =>
            agentId === 'first' ? { milliseconds: 1, error } : { milliseconds: 1, output: 1 },
          approvalOf: () => undefined,
          loses: () => false,
        })
        const a = ran.get('a')
        const told = { status: a?.status ?? '', attempts: a?.attempts ?? [] }
        expectRow({ name: unknown, then: row.then }, cell, told, error)
      }
    },
  )
})
