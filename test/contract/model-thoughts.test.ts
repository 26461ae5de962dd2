import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ModelMessage, ModelPart, ModelRequest } from '../../shared/ports/models.ts'
import { ask, PLAIN, SCHEMA, USAGE, WIRES } from '../support/models/asking.ts'
import { openaiWire } from '../support/models/openai-wire.ts'
import { type Pieces, ScriptedServer } from '../support/models/scripted-server.ts'
import type { Scene, Wire } from '../support/models/wire.ts'

const TOOLS = [{ name: 'look', description: 'looks', schema: SCHEMA }]
const CALL = { id: 'c1', name: 'look', arguments: '{"city":"Bern"}' }
const THOUGHT = 'I must look it up: 🏔.'

let server: ScriptedServer
beforeAll(async () => {
  server = await ScriptedServer.start()
})
afterAll(() => server[Symbol.asyncDispose]())

type Turn = {
  isStreamed?: boolean
  later?: Partial<{ id: string; url: string }>
  request?: Partial<ModelRequest>
}

/** One turn with a call, and what the server is asked in the turn after it. */
async function twoTurns(
  wire: Wire,
  first: Scene | Pieces,
  { isStreamed = false, later = {}, request = {} }: Turn = {},
) {
  const said: string[] = []
  const stream = isStreamed ? { onText: (delta: string) => said.push(delta) } : {}
  const played = 'parts' in first ? (isStreamed ? wire.stream(first) : wire.answer(first)) : first
  server.script(played)
  const { parts } = await wire.model(server.url).generate(ask({ tools: TOOLS, ...stream, ...request }))
  const results = parts.flatMap((part): ModelPart[] =>
    part.kind === 'tool-call' ? [{ kind: 'tool-result', id: part.id, name: part.name, output: 1 }] : [],
  )
  const messages: ModelMessage[] = [
    ...ask().messages,
    { role: 'assistant', parts },
    { role: 'user', parts: results.length > 0 ? results : [{ kind: 'text', text: 'Go on' }] },
  ]
  server.script(wire.answer(PLAIN))
  // What is stored between the turns is JSON.
  await wire
    .model(server.url, later)
    .generate(ask({ tools: TOOLS, messages: JSON.parse(JSON.stringify(messages)) }))
  const heard = wire.heard(server.asked.at(-1)).messages as Record<string, unknown>[]
  return { parts, said: said.join(''), assistant: heard.find(({ role }) => role === 'assistant') }
}

const scene = (...parts: Scene['parts']): Scene => ({ parts, finish: 'tools', usage: USAGE })

describe.each(WIRES)('the thoughts of a model of $name', (wire) => {
  const signed = scene(
    { thought: THOUGHT, signature: 'sig-1' },
    { text: 'Let me see.' },
    { ...CALL, signature: 'sig-2' },
  )
  const back = {
    bedrock: {
      role: 'assistant',
      content: [
        { reasoningContent: { reasoningText: { text: THOUGHT, signature: 'sig-1' } } },
        { text: 'Let me see.' },
        { toolUse: { toolUseId: 'c1', name: 'look', input: { city: 'Bern' } } },
      ],
    },
    'openai-compatible': {
      role: 'assistant',
      content: 'Let me see.',
      reasoning_content: THOUGHT,
      tool_calls: [
        {
          id: 'c1',
          type: 'function',
          function: { name: 'look', arguments: '{"city":"Bern"}' },
          extra_content: { google: { thought_signature: 'sig-2' } },
        },
      ],
    },
  }
  const plain = (parts: readonly ModelPart[]): ModelPart[] => parts.filter(({ kind }) => kind !== 'opaque')

  it.each([false, true])(
    'go back as they came, with the calls that they led to (streamed: %s)',
    async (isStreamed) => {
      const { parts, said, assistant } = await twoTurns(wire, signed, { isStreamed })
      expect(assistant).toEqual(back[wire.name])
      expect(said).toBe(isStreamed ? 'Let me see.' : '')
      expect(plain(parts)).toEqual([
        { kind: 'text', text: 'Let me see.' },
        { kind: 'tool-call', id: 'c1', name: 'look', input: { city: 'Bern' } },
      ])
    },
  )

  it('are not sent to another model, as a fallback is', async () => {
    const { assistant } = await twoTurns(wire, signed, { later: { id: 'model-2' } })
    expect(JSON.stringify(assistant)).not.toMatch(/sig-|thought|reasoning/)
    expect(JSON.stringify(assistant)).toContain('Let me see.')
  })

  it('are left out of an answer without calls, and where they are larger than 256 KB', async () => {
    const { parts } = await twoTurns(wire, {
      ...scene({ thought: THOUGHT, signature: 'sig-1' }, { text: 'Bern' }),
      finish: 'stop',
    })
    expect(parts).toEqual([{ kind: 'text', text: 'Bern' }])
    const large = await twoTurns(wire, scene({ thought: 'x'.repeat(300_000), signature: 'sig-1' }, CALL))
    expect(large.parts).toEqual(plain(large.parts))
  })
})

describe('the thoughts of a model', () => {
  const [bedrock] = WIRES as [Wire]

  it.each([false, true])('that Bedrock has encrypted go back too (streamed: %s)', async (isStreamed) => {
    const encrypted = Buffer.from([0, 255, 7]).toString('base64')
    const { assistant } = await twoTurns(bedrock, scene({ thought: '', encrypted }, CALL), { isStreamed })
    expect(assistant).toMatchObject({
      content: [{ reasoningContent: { redactedContent: encrypted } }, { toolUse: {} }],
    })
  })

  it.each([false, true])(
    'that Bedrock has not signed do not: it refuses them (streamed: %s)',
    async (isStreamed) => {
      const { parts } = await twoTurns(bedrock, scene({ thought: THOUGHT }, CALL), { isStreamed })
      expect(parts.map(({ kind }) => kind)).toEqual(['tool-call'])
    },
  )

  // Groq refuses `reasoning_content`, and tells `reasoning`; OpenRouter wants its details back.
  it.each([false, true])(
    'go back by the names that the server has for them (streamed: %s)',
    async (isStreamed) => {
      const details = [
        { type: 'reasoning.encrypted', data: 'abc', index: 0 },
        { type: 'reasoning.summary', summary: 's', index: 1 },
      ]
      const call = { id: 'c1', type: 'function', function: { name: 'look', arguments: '{}' } }
      const choice = { index: 0, finish_reason: null }
      const chunks = [
        { reasoning: 'I must ', reasoning_details: details.slice(0, 1) },
        { reasoning: 'look.', reasoning_details: details.slice(1) },
        { tool_calls: [{ ...call, index: 0 }] },
      ].map((delta) => ({ id: 'x', choices: [{ ...choice, delta }] }))
      const end = { id: 'x', choices: [{ index: 0, delta: {}, finish_reason: 'tool_calls' }] }
      const message = {
        role: 'assistant',
        content: null,
        reasoning: 'I must look.',
        reasoning_details: details,
        tool_calls: [call],
      }
      const type = isStreamed ? 'text/event-stream' : 'application/json'
      const pieces = isStreamed
        ? [...chunks, end].map((chunk) => Buffer.from(`data: ${JSON.stringify(chunk)}\n\n`))
        : [
            Buffer.from(
              JSON.stringify({ id: 'x', choices: [{ index: 0, message, finish_reason: 'tool_calls' }] }),
            ),
          ]
      const { assistant } = await twoTurns(
        openaiWire,
        { headers: { 'content-type': type }, pieces },
        { isStreamed },
      )
      expect(assistant).toEqual(message)
    },
  )
})
