import { BedrockRuntimeClient, ConverseCommand, CountTokensCommand } from '@aws-sdk/client-bedrock-runtime'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import { afterEach, describe, expect, it } from 'vitest'
import {
  ALL,
  ID,
  localModel,
  MODEL,
  PROFILE,
  startBedrock,
  stopBedrock,
  textIn,
} from '../../support/cloud/local-bedrock.ts'
import { ask, failureOf, SCHEMA, TEXT } from '../../support/models/asking.ts'

afterEach(stopBedrock)

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
    const models = localModel(await startBedrock({ script }, ALL))
    const weather = ask({
      messages: [{ role: 'user', parts: [{ kind: 'text', text: 'What weather?' }] }],
      tools: [{ name: 'look', description: '', schema: SCHEMA }],
    })
    expect(await models.generate(weather)).toMatchObject({
      parts: [{ kind: 'tool-call', name: 'look', input: { city: 'Ü' } }],
      finish: 'tools',
    })
    // The next turn of a loop: its last message has only the result of the tool.
    const parts = [{ kind: 'tool-call', id: 't1', name: 'look', input: { city: 'Ü' } } as const]
    const result = { kind: 'tool-result', id: 't1', name: 'look', output: 'wet' } as const
    const turn = {
      ...weather,
      messages: [
        ...weather.messages,
        { role: 'assistant' as const, parts },
        { role: 'user' as const, parts: [result] },
      ],
    }
    expect(textIn((await models.generate(turn)).parts)).toBe('Rain.')
    for (let time = 0; time < 2; time++) expect(textIn((await models.generate(weather)).parts)).toBe('Rain.')
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
    const models = localModel(await startBedrock({ script: { rules: [{ answers }] } }, ALL))
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
      const models = localModel(await startBedrock({ script: { rules: [{ answers }] } }, ALL))
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
    const nothing = localModel(await startBedrock(undefined, ALL))
    expect((await failureOf(nothing.generate(ask()))).message).toMatch(
      /ORCHESTRATOR_MODEL_URL.*ORCHESTRATOR_MODEL_SCRIPT/s,
    )
    const other = localModel(
      await startBedrock({ script: { rules: [{ model: 'other', answers: [{ text: 'x' }] }] } }, ALL),
    )
    expect((await failureOf(other.generate(ask()))).message).toContain('no rule of the script fits')
    await expect(startBedrock({ script: { rules: [{ answers: [{}] }] } }, ALL)).rejects.toThrow(
      'an answer has a text, json, calls or an error',
    )
    await expect(startBedrock({ scriptFile: '/no/such.json' }, ALL)).rejects.toThrow(
      '/no/such.json cannot be read',
    )
  })

  it('is denied without a grant for the model and the action', async () => {
    const script = { rules: [{ answers: [{ text: 'x' }] }] }
    const config = await startBedrock({ script }, [{ action: 'InvokeModel', on: MODEL }])
    expect(textIn((await localModel(config).generate(ask())).parts)).toBe('x')
    expect(await failureOf(localModel(config).generate(ask({ onText: () => undefined })))).toMatchObject({
      name: 'ModelRefusedError',
      message: expect.stringContaining(
        `not authorized to perform: bedrock:InvokeModelWithResponseStream on resource: ${MODEL}`,
      ),
    })
    expect(await failureOf(localModel(config, 'amazon.nova-pro-v1:0').generate(ask()))).toMatchObject({
      name: 'ModelRefusedError',
      details: { code: 'AccessDeniedException' },
    })
    expect(await failureOf(localModel(config, `us.${ID}`).generate(ask()))).toMatchObject({
      name: 'ModelRefusedError',
    })
  })

  it('allows an inference profile, and the model behind it by way of that profile', async () => {
    const script = { rules: [{ answers: [{ text: 'x' }] }] }
    const grants = [
      { action: 'InvokeModel', on: PROFILE },
      { action: 'InvokeModel', on: `arn:aws:bedrock:*::foundation-model/${ID}`, profile: PROFILE },
    ]
    const config = await startBedrock({ script }, grants)
    expect(textIn((await localModel(config, `us.${ID}`).generate(ask())).parts)).toBe('x')
    expect(await failureOf(localModel(config).generate(ask()))).toMatchObject({ name: 'ModelRefusedError' })
  })

  it('refuses what Bedrock would refuse', async () => {
    const config = await startBedrock({ script: { rules: [{ answers: [{ text: 'x' }] }] } }, ALL)
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
})
