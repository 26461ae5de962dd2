import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { BedrockRuntimeClient, ConverseCommand, CountTokensCommand } from '@aws-sdk/client-bedrock-runtime'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { bedrockClient, bedrockModel } from '../../../functions/adapters/models/bedrock.ts'
import { answerAws } from '../../../local/aws/answer.ts'
import type { ModelSource } from '../../../local/bedrock-runtime/service.ts'
import { createEndpoint } from '../../../local/endpoint/endpoint-server.ts'
import { startServices } from '../../../local/services.ts'
import { ask, failureOf, PLAIN, SCHEMA, TEXT } from '../../support/models/asking.ts'
import { openaiWire } from '../../support/models/openai-wire.ts'
import { ScriptedServer } from '../../support/models/scripted-server.ts'

const ID = 'amazon.nova-lite-v1:0'
const MODEL = `arn:aws:bedrock:us-east-1::foundation-model/${ID}`
const PROFILE = `arn:aws:bedrock:us-east-1:000000000000:inference-profile/us.${ID}`

const open: AsyncDisposable[] = []
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one[Symbol.asyncDispose]()
})

/** The services behind their endpoint, and a role that may do what the statements say. */
async function start(
  models: ModelSource | undefined,
  statements: { action: string; on: string; profile?: string }[],
) {
  const services = await startServices({ callTimeouts: true, models })
  const endpoint: Server = createEndpoint((request) =>
    answerAws({ ...services, onCloudFormationAnswer: () => undefined }, request),
  )
  endpoint.listen(0, '127.0.0.1')
  await once(endpoint, 'listening')
  open.push({
    async [Symbol.asyncDispose]() {
      endpoint.closeAllConnections()
      endpoint.close()
      await services.stop()
      await services.closeStorage()
    },
  })
  services.iam.putRole('agent', 'arn:aws:iam::000000000000:role/agent')
  services.iam.attach(
    'agent',
    statements.map(({ action, on, profile }) => ({
      Effect: 'Allow',
      Action: [`bedrock:${action}`],
      Resource: [on],
      ...(profile ? { Condition: { StringEquals: { 'bedrock:InferenceProfileArn': [profile] } } } : {}),
    })),
  )
  const of = services.iam.credentialsOf('arn:aws:iam::000000000000:role/agent')
  return {
    endpoint: `http://127.0.0.1:${(endpoint.address() as AddressInfo).port}`,
    region: 'us-east-1',
    credentials: { accessKeyId: of.AWS_ACCESS_KEY_ID ?? '', secretAccessKey: of.AWS_SECRET_ACCESS_KEY ?? '' },
  }
}

const ALL = ['InvokeModel', 'InvokeModelWithResponseStream', 'CountTokens'].map((action) => ({
  action,
  on: MODEL,
}))
const model = (config: Awaited<ReturnType<typeof start>>, id = ID) =>
  bedrockModel(
    { name: 'default', provider: 'bedrock', id, structured: 'tool', contextTokens: 8_000 },
    { client: bedrockClient(config), silenceMilliseconds: 5_000 },
  )
const text = (parts: readonly object[]) =>
  parts.flatMap((part) => ('text' in part ? [part.text] : [])).join('')

describe('Bedrock of the local cloud', () => {
  it('plays a script: the first rule that fits, its answers in order, the last again', async () => {
    const script = {
      rules: [
        {
          contains: 'weather',
          answers: [{ calls: [{ name: 'look', input: { city: 'Ü' } }] }, { text: 'Rain.' }],
        },
        {
          model: 'amazon.*',
          answers: [{ text: TEXT, usage: { inputTokens: 3, outputTokens: 4, cacheReadTokens: 2 } }],
        },
      ],
    }
    const models = model(await start({ script }, ALL))
    const weather = ask({
      messages: [{ role: 'user', parts: [{ kind: 'text', text: 'What weather?' }] }],
      tools: [{ name: 'look', description: '', schema: SCHEMA }],
    })
    expect(await models.generate(weather)).toMatchObject({
      parts: [{ kind: 'tool-call', name: 'look', input: { city: 'Ü' } }],
      finish: 'tools',
    })
    for (let time = 0; time < 2; time++) expect(text((await models.generate(weather)).parts)).toBe('Rain.')
    const deltas: string[] = []
    const streamed = await models.generate(ask({ onText: (delta) => deltas.push(delta) }))
    expect(streamed).toMatchObject({
      parts: [{ kind: 'text', text: TEXT }],
      usage: { inputTokens: 3, outputTokens: 4, cacheReadTokens: 2 },
    })
    expect(deltas.join('')).toBe(TEXT)
    expect(deltas.length).toBeGreaterThan(1)
    expect(await models.count(ask())).toBeGreaterThan(0)
  })

  it('gives a structured answer as the tool that is forced, cut or filtered where the script says so', async () => {
    const answers = [
      { json: { city: 'Z' } },
      { text: 'x', finish: 'length' as const },
      { text: 'x', finish: 'filtered' as const },
    ]
    const models = model(await start({ script: { rules: [{ answers }] } }, ALL))
    const asked = ask({ answer: { name: 'place', schema: SCHEMA } })
    expect(await models.generate(asked)).toMatchObject({ value: { city: 'Z' }, finish: 'stop' })
    expect((await models.generate(asked)).finish).toBe('length')
    expect((await models.generate(asked)).finish).toBe('filtered')
  })

  it.each([false, true])(
    'fails as the script says, before and in the middle (streamed: %s)',
    async (isStreamed) => {
      const onText = isStreamed ? { onText: () => undefined } : {}
      const answers = [
        { error: { name: 'ThrottlingException', retryAfterSeconds: 9 } },
        { error: { name: 'ModelErrorException' } },
        { text: 'a long text, which comes in pieces', breakAfter: 1 },
        { text: 'late', delayMs: 60_000 },
      ]
      const models = model(await start({ script: { rules: [{ answers }] } }, ALL))
      const fail = async (signal = new AbortController().signal) =>
        failureOf(models.generate(ask({ ...onText, signal })))
      expect(await fail()).toMatchObject({
        name: 'ModelThrottledError',
        details: { retryAfterSeconds: 9, status: 429 },
      })
      expect(await fail()).toMatchObject({ name: 'ModelUnavailableError' })
      expect(await fail()).toMatchObject({ name: 'ModelUnavailableError' })
      expect(await fail(AbortSignal.timeout(100))).toMatchObject({ name: 'TimeoutError' })
    },
  )

  it('says what to configure where nothing answers, and what is wrong in a script', async () => {
    const nothing = model(await start(undefined, ALL))
    expect((await failureOf(nothing.generate(ask()))).message).toMatch(
      /ORCHESTRATOR_MODEL_URL.*ORCHESTRATOR_MODEL_SCRIPT/s,
    )
    const other = model(
      await start({ script: { rules: [{ model: 'other', answers: [{ text: 'x' }] }] } }, ALL),
    )
    expect((await failureOf(other.generate(ask()))).message).toContain('no rule of the script fits')
    await expect(start({ script: { rules: [{ answers: [{}] }] } }, ALL)).rejects.toThrow(
      /rules\[0\]\.answers\[0\]: .*an answer has a text, json, calls or an error/,
    )
    await expect(start({ scriptFile: '/no/such.json' }, ALL)).rejects.toThrow('/no/such.json cannot be read')
  })

  it('is denied without a grant for the model and the action', async () => {
    const script = { rules: [{ answers: [{ text: 'x' }] }] }
    const config = await start({ script }, [{ action: 'InvokeModel', on: MODEL }])
    expect(text((await model(config).generate(ask())).parts)).toBe('x')
    expect(await failureOf(model(config).generate(ask({ onText: () => undefined })))).toMatchObject({
      name: 'ModelRefusedError',
      message: expect.stringContaining(
        `not authorized to perform: bedrock:InvokeModelWithResponseStream on resource: ${MODEL}`,
      ),
    })
    expect(await failureOf(model(config, 'amazon.nova-pro-v1:0').generate(ask()))).toMatchObject({
      name: 'ModelRefusedError',
      details: { code: 'AccessDeniedException' },
    })
    expect(await failureOf(model(config, `us.${ID}`).generate(ask()))).toMatchObject({
      name: 'ModelRefusedError',
    })
  })

  it('allows an inference profile, and the model behind it by way of that profile', async () => {
    const script = { rules: [{ answers: [{ text: 'x' }] }] }
    const grants = [
      { action: 'InvokeModel', on: PROFILE },
      { action: 'InvokeModel', on: `arn:aws:bedrock:*::foundation-model/${ID}`, profile: PROFILE },
    ]
    const config = await start({ script }, grants)
    expect(text((await model(config, `us.${ID}`).generate(ask())).parts)).toBe('x')
    expect(await failureOf(model(config).generate(ask()))).toMatchObject({ name: 'ModelRefusedError' })
  })

  it('refuses what Bedrock would refuse', async () => {
    const config = await start({ script: { rules: [{ answers: [{ text: 'x' }] }] } }, ALL)
    const client = new BedrockRuntimeClient({
      ...config,
      maxAttempts: 1,
      requestHandler: new NodeHttpHandler(),
    })
    const send = (input: object) => client.send(new ConverseCommand({ modelId: ID, messages: [], ...input }))
    await expect(send({})).rejects.toMatchObject({ name: 'ValidationException' })
    const messages = [{ role: 'user' as const, content: [{ text: 'Hi' }] }]
    const toolConfig = { tools: [{ toolSpec: { name: 'a.b', inputSchema: { json: {} } } }] }
    await expect(send({ messages, toolConfig })).rejects.toThrow('toolConfig.tools[0].toolSpec.name')
    const counted = await client.send(
      new CountTokensCommand({ modelId: ID, input: { converse: { messages } } }),
    )
    expect(counted.inputTokens).toBeGreaterThan(0)
  })

  describe('forwards to a server', () => {
    let server: ScriptedServer
    beforeAll(async () => {
      server = await ScriptedServer.start()
      return () => server[Symbol.asyncDispose]()
    })
    const forwarding = async () => model(await start({ url: `${server.url}/v1`, model: 'small' }, ALL))

    it('and translates text, tools, results and structured answers, streamed or not', async () => {
      const models = await forwarding()
      for (const onText of [undefined, () => undefined]) {
        const more = onText ? { onText } : {}
        server.script(openaiWire.stream(PLAIN))
        expect(await models.generate(ask({ ...more, system: ['Be', 'brief'] }))).toMatchObject({
          parts: [{ kind: 'text', text: TEXT }],
          finish: 'stop',
          usage: { inputTokens: 120, outputTokens: 9 },
        })
        expect(openaiWire.heard(server.asked[0])).toMatchObject({
          model: 'small',
          maxTokens: 64,
          system: 'Be\n\nbrief',
        })
        const parts = [
          { text: 'So:' },
          { id: 'c1', name: 'look', arguments: '{"city":"Zürich"}' },
          { id: 'c2', name: 'look', arguments: '{}' },
        ]
        server.script(
          openaiWire.stream({ parts, finish: 'tools', usage: { input: 120, output: 9, cached: 20 } }),
        )
        const tools = [{ name: 'look', description: 'looks', schema: SCHEMA }]
        const messages = [
          ...ask().messages,
          {
            role: 'assistant' as const,
            parts: [{ kind: 'tool-call' as const, id: '1', name: 'look', input: {} }],
          },
          {
            role: 'user' as const,
            parts: [{ kind: 'tool-result' as const, id: '1', name: 'look', output: { a: 1 } }],
          },
        ]
        expect(await models.generate(ask({ ...more, tools, messages }))).toMatchObject({
          parts: [
            { kind: 'text', text: 'So:' },
            { kind: 'tool-call', id: 'c1', name: 'look', input: { city: 'Zürich' } },
            { kind: 'tool-call', id: 'c2', name: 'look', input: {} },
          ],
          finish: 'tools',
          usage: { inputTokens: 100, outputTokens: 9, cacheReadTokens: 20 },
        })
        expect(openaiWire.heard(server.asked[0])).toMatchObject({
          tools: [{ name: 'look', schema: SCHEMA }],
          messages: [
            { role: 'user' },
            { tool_calls: [{ id: '1' }] },
            { role: 'tool', tool_call_id: '1', content: '{"a":1}' },
          ],
        })
      }
    })

    it('and its failures are those of Bedrock', async () => {
      const models = await forwarding()
      const { headers, pieces } = openaiWire.stream(PLAIN)
      server.script(openaiWire.failure(429, 'rate', { 'retry-after': '4' }))
      expect(await failureOf(models.generate(ask()))).toMatchObject({
        name: 'ModelThrottledError',
        details: { retryAfterSeconds: 4 },
      })
      server.script(openaiWire.failure(404, 'model_not_found'))
      expect(await failureOf(models.generate(ask()))).toMatchObject({ name: 'ModelRefusedError' })
      for (const request of [ask(), ask({ onText: () => undefined })])
        for (const then of ['break', 'end'] as const) {
          server.script({ of: { headers, pieces }, at: 400, then })
          expect(await failureOf(models.generate(request))).toMatchObject({ name: 'ModelUnavailableError' })
        }
    })

    it('and ends the call there when the caller is gone', async () => {
      const models = await forwarding()
      const controller = new AbortController()
      server.script({ of: openaiWire.stream(PLAIN), at: 300, then: 'hang' })
      const onText = () => controller.abort(new Error('gone'))
      await expect(models.generate(ask({ signal: controller.signal, onText }))).rejects.toThrow('gone')
      await server.closed
    })
  })
})
