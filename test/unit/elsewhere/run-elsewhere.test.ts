import { createHmac } from 'node:crypto'
import { createServer, type IncomingHttpHeaders, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { LambdaClient } from '@aws-sdk/client-lambda'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { elsewhereAgents } from '../../../functions/adapters/elsewhere/elsewhere.ts'
import { AgentCallSchema } from '../../../shared/contracts/agent-contract.ts'
import type { Agent } from '../../../shared/domain/agent.ts'
import { ElsewhereSettingsSchema } from '../../../shared/domain/elsewhere/settings.ts'
import type { Json } from '../../../shared/domain/json.ts'
import { secretMask } from '../../../shared/domain/secret-mask.ts'
import { runElsewhere } from '../../../shared/host/elsewhere/run-elsewhere.ts'
import { hostInMemory } from '../../support/agents/host-in-memory.ts'
import { makeAgent } from '../../support/agents/make-agent.ts'
import { seedTask } from '../../support/stores/seed-task.ts'

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
const OWN = 'arn:aws:lambda:us-east-1:000000000000:function:orchestrator-'

type Received = { headers: IncomingHttpHeaders; body: string; url: string | undefined }

/** A server on this machine that keeps what it was sent. */
async function serve(listener: RequestListener): Promise<{ origin: string; received: Received[] }> {
  const received: Received[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      received.push({
        headers: request.headers,
        body: Buffer.concat(chunks).toString(),
        url: request.url,
      })
      listener(request, response)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, received }
}

const json =
  (status: number, body: object, headers: Record<string, string> = {}): RequestListener =>
  (_request, response) =>
    void response
      .writeHead(status, { 'content-type': 'application/json', ...headers })
      .end(JSON.stringify(body))

let world: ReturnType<typeof hostInMemory>
let invocations: number
beforeEach(() => {
  world = hostInMemory()
  invocations = 0
})

const remote = (url: string, facts: Partial<Agent> & { secret?: string } = {}): Agent => {
  const { secret, ...more } = facts
  return makeAgent({
    id: 'pricing',
    origin: 'api',
    elsewhere: { kind: 'http', url, ...(secret === undefined ? {} : { secret }) },
    ...more,
    capabilities: [
      {
        name: 'work.do',
        description: 'Prices a route.',
        inputSchema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
        outputSchema: { type: 'object', properties: { usd: { type: 'number' } }, required: ['usd'] },
      },
    ],
  } as Partial<Agent>)
}

/** Runs step `a`, whose input is a city, by the agent elsewhere; `origin` is what the stage allows. */
async function run(
  agent: Agent,
  origin: string,
  { city = 'Rome' as Json, times = 1, isHeld = true, stage = {}, at = undefined as string | undefined } = {},
) {
  const taskId = await seedTask(world.ports, {
    steps: { a: { capability: 'work.do', input: { city: '{% $input.city %}' } } },
    agents: [agent],
    input: { city },
  })
  const allowed = ElsewhereSettingsSchema.parse({ privateOrigins: [origin], secrets: ['PRICING'], ...stage })
  const mask = secretMask()
  const real = elsewhereAgents({
    client: new LambdaClient({ region: 'us-east-1' }),
    now: () => new Date(world.clock.now()),
    ...(at === undefined ? {} : { resolve: async () => [{ address: at, family: 4 }] }),
  })
  const host = runElsewhere({
    ...world.hosts,
    agents: world.ports.agents,
    mask,
    ownSecrets: {
      readSecret: async (name) => {
        mask.learn(name, SECRET)
        return SECRET
      },
    },
    // Virtual time waits for a real connection.
    elsewhere: isHeld
      ? { ...real, call: (place, request) => world.clock.hold(() => real.call(place, request)) }
      : real,
    allowed,
    ownFunctions: OWN,
  })
  const once = (attempt: number) =>
    host(
      {
        taskId,
        path: 'a',
        state: { EnteredTime: '2026-01-01T00:00:00.000Z', RetryCount: attempt },
        turn: 0,
      },
      { id: `request-${++invocations}`, remainingMs: () => 60_000 },
    ).catch((error: unknown) => error as Error)
  const outcomes = []
  for (let at = 0; at < times; at++) outcomes.push(await once(at))
  const [record] = await world.ports.steps.findSteps(taskId, ['a'])
  return { taskId, outcomes, record }
}

const parsedCall = (received: Received[], at = 0) =>
  AgentCallSchema.parse(JSON.parse(received[at]?.body ?? '{}'))

describe('a step whose agent is a server', () => {
  it('is not called in a private network because the stage lets another tenant call there (elsewhere/W1)', async () => {
    const { origin, received } = await serve(json(200, { output: { usd: 1 } }))
    const name = origin.replace('127.0.0.1', 'agents.example.com')
    const stage = { hosts: [name], privateOrigins: [], tenants: { acme: { privateOrigins: [name] } } }
    const { outcomes } = await run(remote(name), origin, { stage, at: '127.0.0.1' })
    expect(received).toEqual([])
    expect(outcomes[0]).toMatchObject({ message: expect.stringContaining('no public address') })
  })

  it('is posted as the contract says, and ends with the output, its cost and a receipt', async () => {
    const { origin, received } = await serve(json(200, { output: { usd: 12 }, costUsd: 0.5, tokens: 40 }))
    const { taskId, outcomes, record } = await run(remote(`${origin}/pricing`), origin)
    expect(outcomes).toEqual([{ path: 'a', status: 'succeeded', agentId: 'pricing' }])
    expect(record).toMatchObject({
      status: 'succeeded',
      output: { inline: '{"usd":12}' },
      costUsd: 0.5,
      tokens: 40,
    })
    const call = parsedCall(received)
    expect(call).toEqual({
      id: expect.stringMatching(/^msg_[0-9a-f]{32}$/),
      taskId,
      path: 'a',
      attempt: 1,
      capability: 'work.do',
      input: { city: 'Rome' },
      files: [],
      deadline: expect.any(String),
    })
    expect(received[0]?.headers).toMatchObject({
      'content-type': 'application/json',
      'idempotency-key': call.id,
      'webhook-id': call.id,
    })
    expect(received[0]?.headers).not.toHaveProperty('webhook-signature')
    expect(received[0]?.url).toBe('/pricing')
  })

  it('is signed as Standard Webhooks are, where the agent has a secret', async () => {
    const { origin, received } = await serve(json(200, { output: { usd: 1 } }))
    await run(remote(origin, { secret: 'PRICING' }), origin)
    const { headers, body } = received[0] as Received
    const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`
    const right = createHmac('sha256', Buffer.alloc(32, 7)).update(signed).digest('base64')
    expect(headers['webhook-signature']).toBe(`v1,${right}`)
  })

  it('is repeated under the same id after a failure, with the number of its attempt (contract/T1)', async () => {
    let asked = 0
    const { origin, received } = await serve((request, response) =>
      asked++ === 0
        ? json(500, { title: 'no database' })(request, response)
        : json(200, { output: { usd: 3 } })(request, response),
    )
    const { outcomes, record } = await run(remote(origin), origin, { times: 2 })
    expect(outcomes).toMatchObject([
      { name: 'AgentRetryableError', message: 'agent pricing: it answered 500: no database' },
      { status: 'succeeded' },
    ])
    expect(parsedCall(received, 0).id).toBe(parsedCall(received, 1).id)
    expect([0, 1].map((at) => parsedCall(received, at).attempt)).toEqual([1, 2])
    expect(record?.attempts).toMatchObject([{ error: { name: 'AgentRetryableError' } }])
  })

  it('has another id for another task (contract/T1)', async () => {
    const { origin, received } = await serve(json(200, { output: { usd: 1 } }))
    await run(remote(origin), origin)
    await run(remote(origin), origin)
    expect(parsedCall(received, 0).id).not.toBe(parsedCall(received, 1).id)
  })

  it.each<[what: string, listener: RequestListener, name: string, message: RegExp]>([
    ['busy', json(429, {}, { 'retry-after': '9' }), 'AgentBusyError', /is busy: it answered 429/],
    ['refusing', json(422, { detail: 'no such city' }), 'AgentFinalError', /422: no such city/],
    [
      'redirecting',
      json(302, {}, { location: 'http://169.254.169.254/' }),
      'AgentFinalError',
      /not followed/,
    ],
    [
      'answering what the capability does not allow',
      json(200, { output: { usd: 'many' } }),
      'AgentOutputError',
      /usd/,
    ],
    [
      'closing the connection',
      (request) => void request.socket.destroy(),
      'AgentRetryableError',
      /cannot be reached/,
    ],
    [
      'announcing a callback that it does not say it gives',
      json(202, {}),
      'AgentFinalError',
      /suspends: true/,
    ],
  ])('fails as the contract says: %s', async (_what, listener, name, message) => {
    const { origin } = await serve(listener)
    const { outcomes } = await run(remote(origin), origin)
    expect(outcomes).toMatchObject([{ name, message: expect.stringMatching(message) }])
  })

  it('is a refusal and no attempt while the agent is busy', async () => {
    const { origin } = await serve(json(503, {}, { 'retry-after': '30' }))
    const { record } = await run(remote(origin), origin)
    expect(record?.attempts).toEqual([])
    expect(record?.askAgainAt).toBe('2026-01-01T00:00:30.000Z')
  })

  it('gives up at its deadline', async () => {
    const { origin } = await serve(() => {})
    const { outcomes } = await run(remote(origin), origin, { isHeld: false })
    expect(outcomes).toMatchObject([{ name: 'StepTimedOutError' }])
  })

  it('fails for an input that the capability does not take, and posts nothing', async () => {
    const { origin, received } = await serve(json(200, { output: { usd: 1 } }))
    const { outcomes } = await run(remote(origin), origin, { city: 4 })
    expect(outcomes).toMatchObject([{ name: 'InvalidInputError' }])
    expect(received).toEqual([])
  })

  it('is not called any more where the stage does not allow it (elsewhere/W1)', async () => {
    const { origin, received } = await serve(json(200, { output: { usd: 1 } }))
    const { outcomes } = await run(remote(origin), 'http://10.0.0.1:8000')
    expect(outcomes).toMatchObject([
      { name: 'AgentFinalError', message: expect.stringContaining('is not called any more') },
    ])
    expect(received).toEqual([])
  })

  it('masks its secret in what the server says', async () => {
    const { origin } = await serve(json(422, { detail: `wrong key ${SECRET}` }))
    const { outcomes } = await run(remote(origin, { secret: 'PRICING' }), origin)
    expect(JSON.stringify((outcomes[0] as Error).message)).toContain('[secret PRICING]')
  })

  it('fails where the agent is hosted by a function of its own', async () => {
    const { elsewhere: _, ...own } = remote('http://localhost:1')
    expect((await run(own, 'http://localhost:1')).outcomes).toMatchObject([
      { name: 'AgentFailedError', message: expect.stringContaining('hosted by a function of its own') },
    ])
  })
})
