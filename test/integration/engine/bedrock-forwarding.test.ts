import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { ALL, localModel, startBedrock, stopBedrock } from '../../support/cloud/local-bedrock.ts'
import { ask, failureOf, PLAIN, SCHEMA, TEXT } from '../../support/models/asking.ts'
import { openaiWire } from '../../support/models/openai-wire.ts'
import { ScriptedServer } from '../../support/models/scripted-server.ts'

let server: ScriptedServer
beforeAll(async () => {
  server = await ScriptedServer.start()
})
afterAll(() => server[Symbol.asyncDispose]())
afterEach(stopBedrock)

describe('Bedrock of the local cloud forwards to a server', () => {
  const forwarding = async () =>
    localModel(await startBedrock({ url: `${server.url}/v1`, model: 'small' }, ALL))

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
