import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Json } from '../../shared/domain/json.ts'
import type { ModelRequest } from '../../shared/ports/models.ts'
import { ask, most, PLAIN, playScene, SCHEMA, TEXT, TOLD, USAGE, WIRES } from '../support/models/asking.ts'
import { ScriptedServer } from '../support/models/scripted-server.ts'
import { MODEL_ID, type Scene } from '../support/models/wire.ts'

const ASKED = { name: 'place', schema: SCHEMA }

let server: ScriptedServer
beforeAll(async () => {
  server = await ScriptedServer.start()
})
afterAll(() => server[Symbol.asyncDispose]())

describe.each(WIRES)('a model of $name', (wire) => {
  const play = (scene: Scene, request: Partial<ModelRequest> = {}, settings = {}) =>
    playScene(wire, server, { scene, request, settings })
  const whole = [{ kind: 'text', text: TEXT }]

  it('answers with text, and is told what it must do and how long it may answer', async () => {
    const { answer, heard, times } = await play(PLAIN, { system: ['Be brief.', ' ', 'Be kind.'] })
    expect(answer).toEqual({ parts: whole, finish: 'stop', ...TOLD })
    expect(times).toBe(1)
    expect(heard).toMatchObject({
      model: MODEL_ID,
      maxTokens: 64,
      system: 'Be brief.\n\nBe kind.',
      tools: [],
    })
  })

  it('streams the same answer, and tells the text as it comes', async () => {
    const deltas: string[] = []
    const { answer } = await play(PLAIN, { onText: (delta) => deltas.push(delta) })
    expect(answer).toEqual({ parts: whole, finish: 'stop', ...TOLD })
    expect(deltas.length).toBeGreaterThan(3)
    expect(deltas.join('')).toBe(TEXT)
  })

  describe.each([false, true])('with tools (streamed: %s)', (isStreamed) => {
    const stream = isStreamed ? { onText: () => undefined } : {}
    const tools = ['text.write', 'look'].map((name) => ({
      name,
      description: `does ${name}`,
      schema: SCHEMA,
    }))

    it('calls several, by the names that they have here', async () => {
      const parts = [
        { text: 'Let me see.' },
        { id: 'c1', name: 'text_write', arguments: '{"city":"Zürich 🏔"}' },
        { id: 'c2', name: 'look', arguments: '{}' },
      ]
      const { answer, heard } = await play({ parts, finish: 'tools', usage: USAGE }, { ...stream, tools })
      expect(answer).toEqual({
        parts: [
          { kind: 'text', text: 'Let me see.' },
          { kind: 'tool-call', id: 'c1', name: 'text.write', input: { city: 'Zürich 🏔' } },
          { kind: 'tool-call', id: 'c2', name: 'look', input: {} },
        ],
        finish: 'tools',
        ...TOLD,
      })
      expect(heard.tools).toEqual([
        { name: 'text_write', schema: SCHEMA },
        { name: 'look', schema: SCHEMA },
      ])
      expect(heard.forced).toBeUndefined()
    })

    it('says so also where the server does not', async () => {
      const parts = [{ id: 'c1', name: 'look', arguments: '{}' }]
      const { answer } = await play({ parts, finish: 'stop', usage: USAGE }, { ...stream, tools })
      expect(answer.finish).toBe('tools')
    })
  })

  it('gives arguments that are not JSON as their text', async () => {
    const tools = [{ name: 'look', description: 'looks', schema: SCHEMA }]
    // Bedrock's answers that are no streams have objects only.
    const ways = wire.name === 'bedrock' ? [true] : [true, false]
    for (const isStreamed of ways)
      for (const broken of ['{"city": "Zü', 'Zürich', '{"city": }']) {
        const parts = [{ id: 'c1', name: 'look', arguments: broken }]
        const stream = isStreamed ? { onText: () => undefined } : {}
        const { answer } = await play({ parts, finish: 'tools', usage: USAGE }, { ...stream, tools })
        expect(answer.parts).toEqual([{ kind: 'tool-call', id: 'c1', name: 'look', input: broken }])
      }
  })

  it('is told of calls and their results, those of another provider too, and of broken ones', async () => {
    const call = (id: string, name: string, input: Json) => ({ kind: 'tool-call', id, name, input }) as const
    const messages: ModelRequest['messages'] = [
      { role: 'user', parts: [{ kind: 'text', text: 'Go' }] },
      {
        role: 'assistant',
        parts: [
          { kind: 'text', text: '' },
          call('functions.a:0', 'a.b', { x: 1 }),
          call('2', 'c', 'no JSON'),
        ],
      },
      {
        role: 'user',
        parts: [{ kind: 'tool-result', id: 'functions.a:0', name: 'a.b', output: { y: [1] } }],
      },
      {
        role: 'user',
        parts: [
          { kind: 'tool-result', id: '2', name: 'c', output: 'bad', isError: true },
          { kind: 'text', text: 'Then?' },
        ],
      },
    ]
    const { heard } = await play(PLAIN, { messages })
    expect(heard.messages).toMatchSnapshot()
  })

  describe.each([false, true])('tells how it has ended (streamed: %s)', (isStreamed) => {
    const stream = isStreamed ? { onText: () => undefined } : {}

    it('cut off by its limit', async () => {
      const { answer } = await play({ ...PLAIN, finish: 'length' }, stream)
      expect(answer).toEqual({ parts: whole, finish: 'length', ...TOLD })
    })
    it('by a filter, which is no error', async () => {
      const { answer } = await play({ ...PLAIN, finish: 'filtered' }, { ...stream, answer: ASKED })
      expect(answer).toEqual({ parts: whole, finish: 'filtered', ...TOLD })
    })
    it('without a word', async () => {
      const { answer } = await play({ parts: [], usage: { input: 120, output: 0 } }, stream)
      expect(answer).toEqual({
        ...TOLD,
        parts: [],
        finish: 'stop',
        usage: { inputTokens: 120, outputTokens: 0 },
      })
    })
    it('with cached tokens apart from the others', async () => {
      const { answer } = await play({ ...PLAIN, usage: { ...USAGE, cached: 100 } }, stream)
      expect(answer.usage).toEqual({ inputTokens: 20, outputTokens: 9, cacheReadTokens: 100 })
    })
    it('with the most that it can have used, where the provider tells nothing', async () => {
      const { answer } = await play({ ...PLAIN, usage: undefined }, stream)
      expect(answer.usage).toEqual(most(ask(stream)))
    })
  })

  it('sends a prefix that is equal to the byte, whatever comes after it', async () => {
    const tools = [{ name: 'look', description: 'looks', schema: SCHEMA }]
    const prefixes = new Set<string>()
    for (let day = 1; day <= 20; day++) {
      const messages = [{ role: 'user' as const, parts: [{ kind: 'text' as const, text: `Day ${day}` }] }]
      const { heard } = await play(PLAIN, { tools, messages, cacheAfter: 'system' })
      prefixes.add(JSON.stringify([heard.tools, heard.system]))
    }
    expect(prefixes.size).toBe(1)
  })
})
