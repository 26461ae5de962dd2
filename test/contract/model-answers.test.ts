import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { wireId } from '../../functions/adapters/models/tool-names.ts'
import type { ModelRequest } from '../../shared/ports/models.ts'
import { ask, failureOf, playScene, SCHEMA, TOLD, USAGE, WIRES } from '../support/models/asking.ts'
import { ScriptedServer } from '../support/models/scripted-server.ts'
import type { Scene } from '../support/models/wire.ts'

const ASKED = { name: 'place', schema: SCHEMA }

let server: ScriptedServer
beforeAll(async () => {
  server = await ScriptedServer.start()
})
afterAll(() => server[Symbol.asyncDispose]())

describe.each(WIRES)('a model of $name', (wire) => {
  const play = (scene: Scene, request: Partial<ModelRequest> = {}, settings = {}) =>
    playScene(wire, server, { scene, request, settings })

  it.each([false, true])(
    'has ids of calls that are its own, whatever the server says (streamed: %s)',
    async (isStreamed) => {
      const stream = isStreamed ? { onText: () => undefined } : {}
      const tools = [{ name: 'look', description: 'looks', schema: SCHEMA }]
      const idsOf = async (ids: readonly string[], messages = ask().messages) => {
        const parts = ids.map((id) => ({ id, name: 'look', arguments: '{}' }))
        const { answer } = await play(
          { parts, finish: 'tools', usage: USAGE },
          { ...stream, tools, messages },
        )
        return answer.parts.flatMap((part) => (part.kind === 'tool-call' ? [part.id] : []))
      }
      const long = 'x'.repeat(70)
      // Those that differ only by characters which a provider does not take are the same to it.
      for (const ids of [
        ['c1', 'c1', 'c2', 'c1'],
        ['a.b', 'a_b'],
        [long, long],
        ['c', 'c_2', 'c'],
      ]) {
        const own = await idsOf(ids)
        expect(own[0]).toBe(ids[0])
        expect(new Set(own.map(wireId)).size).toBe(ids.length)
      }
      // Some servers number the calls of each answer anew.
      const before = { kind: 'tool-call' as const, id: 'call_0', name: 'look', input: {} }
      const result = { kind: 'tool-result' as const, id: 'call_0', name: 'look', output: 1 }
      const messages = [
        ...ask().messages,
        { role: 'assistant' as const, parts: [before] },
        { role: 'user' as const, parts: [result] },
      ]
      expect(await idsOf(['call_0', 'call_1'], messages)).toEqual(['call_0_2', 'call_1'])
      expect(await idsOf(['call_0_2', 'call_0'], messages)).toEqual(['call_0_2', 'call_0_3'])
    },
  )

  describe('with an answer of a schema', () => {
    const answers = (text: string): Scene => ({ parts: [{ text }], usage: USAGE })
    const value = { city: 'Zürich' }
    const text = JSON.stringify(value)

    it('has it as a tool that must be called, and whose call is text for the next turn', async () => {
      const parts = [{ id: 'c1', name: 'place', arguments: text }]
      const { answer, heard } = await play({ parts, finish: 'tools', usage: USAGE }, { answer: ASKED })
      expect(answer).toEqual({ parts: [{ kind: 'text', text }], value, finish: 'stop', ...TOLD })
      expect(heard).toMatchObject({ tools: [{ name: 'place', schema: SCHEMA }], forced: 'place' })
    })

    it('lets it call other tools before, and has no value then', async () => {
      const tools = [{ name: 'look', description: '', schema: SCHEMA }]
      const parts = [
        { id: 'c1', name: 'place', arguments: text },
        { id: 'c2', name: 'look', arguments: '{}' },
      ]
      const { answer, heard } = await play({ parts, finish: 'tools', usage: USAGE }, { answer: ASKED, tools })
      expect(answer).toEqual({
        parts: [
          { kind: 'text', text },
          { kind: 'tool-call', id: 'c2', name: 'look', input: {} },
        ],
        finish: 'tools',
        ...TOLD,
      })
      expect(heard).toMatchObject({ tools: [{ name: 'look' }, { name: 'place' }], forced: 'any' })
    })

    it.each(['native', 'prompt'])('is asked for it (%s)', async (structured) => {
      const { answer, heard } = await play(answers(text), { answer: ASKED }, { structured })
      expect(answer).toEqual({ parts: [{ kind: 'text', text }], value, finish: 'stop', ...TOLD })
      expect(heard.tools).toEqual([])
      expect(heard.format).toEqual(structured === 'native' ? SCHEMA : undefined)
      expect(heard.system.includes(JSON.stringify(SCHEMA))).toBe(structured === 'prompt')
    })

    it.each(['native', 'tool', 'prompt'])(
      'is read without fences, thoughts and words (%s)',
      async (structured) => {
        const fenced = [
          `\`\`\`json\n${text}\n\`\`\``,
          `\`\`\`\n${text}\`\`\``,
          `Here it is:\n\n\`\`\`JSON  \n${text}\n\`\`\`\nAnything else?`,
          `<think>{"city": "?"} or\n\`\`\`json\n1\n\`\`\`</think>\n${text}`,
          `The answer is ${text}.`,
          `\n ${text} \n`,
        ]
        for (const said of fenced) {
          const { answer } = await play(answers(said), { answer: ASKED }, { structured })
          expect(answer).toEqual({ parts: [{ kind: 'text', text: said }], value, finish: 'stop', ...TOLD })
        }
      },
    )

    it.each(['native', 'tool', 'prompt'])(
      'has no value where there is no JSON, or half of it (%s)',
      async (structured) => {
        for (const said of ['I cannot say.', '{"city": "Zü', '```json\n{"city"\n```', '} {', ''])
          expect((await play(answers(said), { answer: ASKED }, { structured })).answer).not.toHaveProperty(
            'value',
          )
        const cut = await play(
          { ...answers('{"city": "Zü'), finish: 'length' },
          { answer: ASKED },
          { structured },
        )
        expect(cut.answer).toMatchObject({ finish: 'length', parts: [{ text: '{"city": "Zü' }] })
        expect(cut.answer).not.toHaveProperty('value')
      },
    )

    it.each(['native', 'tool'])(
      'may be a list, which providers take within an object (%s)',
      async (structured) => {
        const list = { type: 'array', items: { $ref: '#/$defs/one' }, $defs: { one: { type: 'string' } } }
        const made = JSON.stringify({ value: ['a'] })
        const parts = structured === 'tool' ? [{ id: 'c', name: 'list', arguments: made }] : [{ text: made }]
        const asked = { answer: { name: 'list', schema: list } }
        const { answer, heard } = await play({ parts, usage: USAGE }, asked, { structured })
        expect(answer.value).toEqual(['a'])
        expect(structured === 'tool' ? heard.tools[0]?.schema : heard.format).toEqual({
          type: 'object',
          properties: { value: { type: 'array', items: { $ref: '#/$defs/one' } } },
          required: ['value'],
          additionalProperties: false,
          $defs: list.$defs,
        })
      },
    )

    it.each(['native', 'tool', 'prompt'])(
      'has no value where that is nested deeper than JSON is here (%s)',
      async (structured) => {
        const deep = `{"city":${'['.repeat(1_000)}${']'.repeat(1_000)}}`
        const { answer } = await play(answers(deep), { answer: ASKED }, { structured })
        expect(answer).not.toHaveProperty('value')
        const tools = [{ name: 'look', description: '', schema: SCHEMA }]
        const parts = ['place', 'look'].map((name) => ({ id: name, name, arguments: deep }))
        const asked = await play(
          { parts, finish: 'tools', usage: USAGE },
          { answer: ASKED, tools },
          { structured },
        )
        const calls = asked.answer.parts.flatMap((part) => (part.kind === 'tool-call' ? [part] : []))
        expect(calls).not.toEqual([])
        for (const { input } of calls) expect(input).toEqual(expect.any(String))
      },
    )

    it('is streamed as well', async () => {
      const parts = [{ id: 'c1', name: 'place', arguments: text }]
      const { answer } = await play(
        { parts, finish: 'tools', usage: USAGE },
        { answer: ASKED, onText: () => undefined },
      )
      expect(answer).toEqual({ parts: [{ kind: 'text', text }], value, finish: 'stop', ...TOLD })
    })

    it('must not be named as a tool is', async () => {
      const tools = [{ name: 'place', description: '', schema: SCHEMA }]
      const work = wire.model(server.url).generate(ask({ answer: ASKED, tools }))
      expect(await failureOf(work)).toMatchObject({
        name: 'ConfigError',
        message: expect.stringContaining('"place"'),
      })
    })
  })
})
