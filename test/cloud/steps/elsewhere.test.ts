/** Agents elsewhere in the local cloud: registered by the API, called by the function that hosts them, with the rights that the stage gives it. */

import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { App, Stack } from 'aws-cdk-lib'
import { Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { featureFlags, Orchestrator } from '../../../infra/index.ts'
import { AgentCallSchema } from '../../../shared/contracts/agent-contract.ts'
import { type ExampleServer, startExample } from '../../support/cloud/example-server.ts'
import { hasPython } from '../../support/cloud/has-python.ts'
import { type LocalApi, startApi } from '../../support/cloud/local-api.ts'

const ROOT = join(import.meta.dirname, '../../..')
const SECRET = `whsec_${Buffer.alloc(32, 9).toString('base64')}`
const PYTHON = join(ROOT, 'examples/agents-python')
const CONTAINER = join(ROOT, 'examples/agents-container')
const root = mkdtempSync(join(tmpdir(), 'elsewhere-'))

type Received = { headers: Record<string, unknown>; body: string }
const received: Received[] = []
/** An agent that prices what it is asked by the letters of a city, and of the file beside it. */
const server = createServer((request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', async () => {
    const body = Buffer.concat(chunks).toString()
    received.push({ headers: request.headers, body })
    const { input, files } = AgentCallSchema.parse(JSON.parse(body))
    const { city } = input as { city: string }
    const texts = await Promise.all(files.map(async ({ url }) => (await fetch(url)).text()))
    const [status, answer] =
      city === 'Atlantis'
        ? ([422, { title: 'No such city', detail: 'Atlantis has sunk' }] as const)
        : ([200, { output: { usd: city.length + texts.join('').length }, costUsd: 0.01 }] as const)
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
  })
})

let api: LocalApi
let python: ExampleServer | undefined
let container: ExampleServer | undefined
let origin = ''
let pythonOrigin = ''
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  if (hasPython())
    python = await startExample('python3', ['server.py', '0'], {
      cwd: PYTHON,
      env: { PRICING_SECRETS: SECRET },
    })
  pythonOrigin = python?.origin ?? ''
  const env = { PORT: '0', SIGNING_SECRETS: SECRET, WORK_SECONDS: '1' }
  container = await startExample(process.execPath, ['server.mjs'], { cwd: CONTAINER, env })
  mkdirSync(join(root, 'node_modules'))
  symlinkSync(ROOT, join(root, 'node_modules/orchestrator'))
  mkdirSync(join(root, 'data'))
  mkdirSync(join(root, 'stages'))
  const allowed = {
    privateOrigins: [origin, container.origin, pythonOrigin].filter(Boolean),
    lambda: ['arn:aws:lambda:us-east-1:000000000000:function:agents-*'],
    secrets: ['PRICING'],
  }
  // JSON is YAML.
  writeFileSync(
    join(root, 'stages/mine.yaml'),
    JSON.stringify({ secrets: { PRICING: 'secretsmanager:pricing' }, agentsElsewhere: allowed }),
  )
  writeFileSync(
    join(root, 'stages/mine.agents.yaml'),
    JSON.stringify({ agents: [{ ...pricing, id: 'listed', kind: 'http', url: `${origin}/listed` }] }),
  )
  writeFileSync(join(root, 'data/secrets.json'), JSON.stringify({ pricing: SECRET }), { mode: 0o600 })
  const app = new App({ outdir: join(root, 'cdk.out'), analyticsReporting: false, context: featureFlags() })
  await Orchestrator.create(app, {
    root,
    builtIn: false,
    stage: 'mine',
  })
  // As a team would bring it, in a stack of its own.
  const team = new Stack(app, 'team')
  new LambdaFunction(team, 'Pricing', {
    functionName: 'agents-pricing',
    runtime: Runtime.PYTHON_3_13,
    handler: 'lambda_function.handler',
    code: Code.fromAsset(PYTHON),
  })
  app.synth()
  api = await startApi({ assembly: join(root, 'cdk.out'), dataFolder: join(root, 'data') })
}, 120_000)
afterAll(async () => {
  await api?.stop()
  python?.child.kill('SIGKILL')
  container?.child.kill('SIGKILL')
  server.closeAllConnections()
  server.close()
  rmSync(root, { recursive: true, force: true })
})

const pricing = {
  id: 'pricing',
  version: '1.0.0',
  description: 'Prices routes.',
  capabilities: [
    {
      name: 'price.route',
      description: 'The price of a route.',
      inputSchema: {
        type: 'object',
        properties: { city: { type: 'string' }, terms: {} },
        required: ['city'],
      },
      outputSchema: { type: 'object', properties: { usd: { type: 'number' } }, required: ['usd'] },
    },
  ],
}
const workflow = {
  name: 'price',
  version: 1,
  input: { type: 'object', properties: { city: { type: 'string' }, terms: {} }, required: ['city'] },
  steps: {
    ask: {
      agent: 'pricing',
      capability: 'price.route',
      input: { city: '{% $input.city %}', terms: '{% $input.terms %}' },
    },
  },
  output: '{% $steps.ask %}',
}

it('registers a server, calls it, signed, with files, and counts what it costs', async () => {
  const registered = await api.call('POST', '/agents', {
    ...pricing,
    kind: 'http',
    url: `${origin}/price`,
    secret: 'PRICING',
  })
  expect(registered).toMatchObject({
    status: 201,
    body: { id: 'pricing', elsewhere: { kind: 'http', url: `${origin}/price`, secret: 'PRICING' } },
  })
  const terms = await api.upload('terms.txt', 'cheap')
  const { taskId } = await api.submitOwn(workflow, { city: 'Rome', terms })
  expect(await api.ended(taskId)).toMatchObject({ status: 'succeeded', cost: { usd: expect.any(Number) } })
  expect(await api.resultOf(taskId)).toEqual({ usd: 'Rome'.length + 'cheap'.length })
  expect(received).toHaveLength(1)
  expect(received[0]?.headers).toMatchObject({ 'webhook-signature': expect.stringMatching(/^v1,/) })
  const { steps } = await api.ask('listTaskSteps', { id: taskId })
  expect(steps).toMatchObject([{ agentId: 'pricing', status: 'succeeded' }])
}, 60_000)

it('has the agents that the file of the stage names', async () => {
  expect(await api.ask('getAgent', { id: 'listed' })).toMatchObject({
    origin: 'deployment',
    elsewhere: { kind: 'http', url: `${origin}/listed` },
  })
  const steps = { ask: { ...workflow.steps.ask, agent: 'listed' } }
  const { taskId } = await api.submitOwn({ ...workflow, steps }, { city: 'Oslo' })
  expect(await api.ended(taskId)).toMatchObject({ status: 'succeeded' })
  expect(received.at(-1)?.headers).not.toHaveProperty('webhook-signature')
}, 60_000)

it('fails a step as the server says, with its problem document', async () => {
  const { taskId } = await api.submitOwn(workflow, { city: 'Atlantis' })
  const task = await api.ended(taskId)
  expect(task.status).toBe('failed')
  expect(JSON.stringify(task)).toContain('422: No such city: Atlantis has sunk')
}, 60_000)

it('refuses what the stage does not allow, and says what to write', async () => {
  const refused = await api.call('POST', '/agents', {
    ...pricing,
    id: 'other',
    kind: 'http',
    url: 'http://169.254.169.254/latest',
  })
  expect(refused).toMatchObject({ status: 400, body: { issues: [{ path: 'url' }] } })
})

it('waits for the example in a container, which answers by callback, while no function runs', async () => {
  const counted = {
    id: 'counter',
    version: '1.0.0',
    description: 'Counts words, slowly.',
    capabilities: [
      { name: 'words.count', description: '', inputSchema: {}, outputSchema: {}, suspends: true },
    ],
    kind: 'http',
    url: container?.origin,
    secret: 'PRICING',
  }
  expect(await api.call('POST', '/agents', counted)).toMatchObject({ status: 201 })
  const { taskId } = await api.submitOwn({
    name: 'count',
    version: 1,
    steps: { ask: { capability: 'words.count', input: { text: 'one two three' } } },
    output: '{% $steps.ask %}',
  })
  await expect
    .poll(async () => (await api.ask('getTask', { id: taskId })).status, { timeout: 10_000 })
    .toBe('waiting')
  expect(await api.ended(taskId)).toMatchObject({ status: 'succeeded' })
  expect(await api.resultOf(taskId)).toEqual({ words: 3 })
  const { steps } = await api.ask('listTaskSteps', { id: taskId })
  expect(steps).toMatchObject([{ stepId: 'ask', status: 'succeeded', agentId: 'counter' }])
}, 60_000)

/** The example's own registration, under another id. */
const example = (id: string, place: object): object => ({
  ...(JSON.parse(readFileSync(join(PYTHON, 'agent.json'), 'utf8')) as object),
  id,
  ...place,
})
const routeBy = (agent: string) => ({
  name: 'route',
  version: 1,
  input: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  steps: { ask: { agent, capability: 'price.route', input: { city: '{% $input.city %}', travellers: 2 } } },
  output: '{% $steps.ask %}',
})

describe.skipIf(!hasPython())('the example in Python', () => {
  it.each<[what: string, id: string, place: () => object]>([
    ['a server', 'py-server', () => ({ kind: 'http', url: pythonOrigin, secret: 'PRICING' })],
    [
      'a function',
      'py-function',
      () => ({ kind: 'lambda', arn: 'arn:aws:lambda:us-east-1:000000000000:function:agents-pricing' }),
    ],
  ])(
    'does steps as %s, and says which city it does not know',
    async (_what, id, place) => {
      expect(await api.call('POST', '/agents', example(id, place()))).toMatchObject({ status: 201 })
      const { taskId } = await api.submitOwn(routeBy(id), { city: 'Rome' })
      expect(await api.ended(taskId)).toMatchObject({ status: 'succeeded' })
      expect(await api.resultOf(taskId)).toEqual({ usd: 240, city: 'Rome' })
      const failed = await api.submitOwn(routeBy(id), { city: 'Atlantis' })
      const task = await api.ended(failed.taskId)
      expect(task.status).toBe('failed')
      expect(JSON.stringify(task)).toContain('no fare for \\"Atlantis\\"')
    },
    60_000,
  )

  it('refuses a call that the orchestrator has not signed', async () => {
    const call = { id: 'msg_1', input: { city: 'Rome' } }
    const asked = (headers: Record<string, string>) =>
      fetch(pythonOrigin, { method: 'POST', headers, body: JSON.stringify(call) })
    expect((await asked({})).status).toBe(401)
    const old = { 'webhook-id': 'msg_1', 'webhook-timestamp': '1', 'webhook-signature': 'v1,AAAA' }
    expect((await asked(old)).status).toBe(401)
    const now = String(Math.floor(Date.now() / 1_000))
    expect((await asked({ ...old, 'webhook-timestamp': now })).status).toBe(401)
    expect((await fetch(`${pythonOrigin}/health`)).status).toBe(200)
  })
})
