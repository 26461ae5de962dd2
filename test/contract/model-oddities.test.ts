/** What providers answer beside their own rules: the conversation goes on, or ends with an error that says what was wrong. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { wireId } from '../../functions/adapters/models/tool-names.ts'
import type { ModelPart } from '../../shared/ports/models.ts'
import { ask, failureOf, SCHEMA } from '../support/models/asking.ts'
import { bedrockWire } from '../support/models/bedrock-wire.ts'
import { openaiWire } from '../support/models/openai-wire.ts'
import { ScriptedServer } from '../support/models/scripted-server.ts'
import { JSON_TYPE, MODEL_ID } from '../support/models/wire.ts'

let server: ScriptedServer
beforeAll(async () => {
  server = await ScriptedServer.start()
})
afterAll(() => server[Symbol.asyncDispose]())

type Content = { content: unknown; calls?: unknown; reason?: string }
const bedrockBody = ({ content, reason = 'tool_use' }: Content) => ({
  output: { message: { role: 'assistant', content } },
  stopReason: reason,
  usage: { inputTokens: 1, outputTokens: 1, totalTokens: 2 },
  metrics: { latencyMs: 1 },
})
const openaiBody = ({ content, calls, reason = 'tool_calls' }: Content) => ({
  id: 'chat-1',
  model: MODEL_ID,
  choices: [{ index: 0, message: { role: 'assistant', content, tool_calls: calls }, finish_reason: reason }],
  usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
})
const PROVIDERS = [
  { name: 'bedrock', wire: bedrockWire, bodyOf: bedrockBody },
  { name: 'openai', wire: openaiWire, bodyOf: openaiBody },
] as const

const use = (more: object = {}) => ({
  toolUse: { toolUseId: 'c1', name: 'look', input: { city: 'Bern' }, ...more },
})
const call = (more: object = {}, named: object = {}) => ({
  ...{ id: 'c1', type: 'function' },
  ...more,
  function: { name: 'look', arguments: '{"city":"Bern"}', ...named },
})
const LOOK = { kind: 'tool-call', name: 'look', input: { city: 'Bern' } }
const TEXT = { kind: 'text', text: 'Let me see.' }

/** What is answered, by provider, and the parts that are had of it without the ids of calls. */
const CASES: [string, { bedrock?: Content; openai?: Content }, object[]][] = [
  [
    'text, a call and the result of a call in one turn (Llama 4)',
    {
      bedrock: {
        content: [
          { text: 'Let me see.' },
          use(),
          { toolResult: { toolUseId: 'c1', content: [{ text: 'made up' }] } },
        ],
      },
      openai: { content: 'Let me see.', calls: [call()] },
    },
    [TEXT, LOOK],
  ],
  [
    'no content, with the reason of a call',
    { bedrock: { content: [] }, openai: { content: '', calls: [] } },
    [],
  ],
  ['nothing at all', { bedrock: { content: undefined }, openai: { content: null } }, []],
  [
    'an empty text beside a call',
    { bedrock: { content: [{ text: '' }, use()] }, openai: { content: '', calls: [call()] } },
    [LOOK],
  ],
  [
    'calls without ids',
    {
      bedrock: { content: [use({ toolUseId: undefined }), use({ toolUseId: undefined })] },
      openai: { content: null, calls: [call({ id: undefined }), call({ id: undefined })] },
    },
    [LOOK, LOOK],
  ],
  [
    'calls with one id, and an empty one',
    {
      bedrock: { content: [use(), use(), use({ toolUseId: '' })] },
      openai: { content: null, calls: [call(), call(), call({ id: '' })] },
    },
    [LOOK, LOOK, LOOK],
  ],
  [
    'calls of which some are none: of no tool, with other arguments',
    {
      bedrock: { content: [use(), use({ name: 'lok' }), use({ input: [1] }), use({ input: null })] },
      openai: {
        content: null,
        calls: [
          call(),
          call({}, { name: 'lok' }),
          call({}, { arguments: '[1]' }),
          call({}, { arguments: '' }),
        ],
      },
    },
    [LOOK, { ...LOOK, name: 'lok' }, { ...LOOK, input: [1] }, { ...LOOK, input: {} }],
  ],
  [
    'a call where the reason says that it has ended',
    {
      bedrock: { content: [use()], reason: 'end_turn' },
      openai: { content: null, calls: [call()], reason: 'stop' },
    },
    [LOOK],
  ],
]

describe.each(PROVIDERS)('a model of $name that answers', ({ name, wire, bodyOf }) => {
  const tools = [{ name: 'look', description: 'looks', schema: SCHEMA }]
  const answered = (body: unknown, messages = ask().messages) => {
    server.script({ headers: JSON_TYPE, pieces: [Buffer.from(JSON.stringify(body))] })
    return wire.model(server.url).generate(ask({ tools, messages }))
  }

  it.each(CASES)('%s', async (_what, bodies, wanted) => {
    const key = name === 'bedrock' ? 'bedrock' : 'openai'
    const { parts, finish } = await answered(bodyOf(bodies[key] as Content))
    const calls = parts.filter((part) => part.kind === 'tool-call')
    expect(parts.map((part) => withoutId(part))).toEqual(wanted)
    expect(finish).toBe(calls.length > 0 ? 'tools' : 'stop')
    expect(new Set(calls.map(({ id }) => wireId(id))).size).toBe(calls.length)
    // What goes back is what a provider takes: each call with its result, by one id.
    const results = calls.map(({ id, name: called }) => {
      return { kind: 'tool-result' as const, id, name: called, output: 'ok' }
    })
    const messages = [
      ...ask().messages,
      ...(parts.length > 0 ? [{ role: 'assistant' as const, parts }] : []),
      ...(results.length > 0 ? [{ role: 'user' as const, parts: results }] : []),
    ]
    await answered(
      bodyOf({ content: name === 'bedrock' ? [{ text: 'Done.' }] : 'Done.', reason: 'stop' }),
      messages,
    )
    const sent = JSON.stringify(server.asked.at(-1)?.body)
    for (const { id } of calls) expect(sent.split(JSON.stringify(wireId(id))).length - 1).toBe(2)
    expect(sent).not.toContain('made up')
  })

  it.each([
    [
      'no message',
      name === 'bedrock' ? { stopReason: 'end_turn' } : { id: 'x', model: MODEL_ID, choices: [] },
    ],
    ['another shape', { error: null }],
  ])('%s is no answer, and the error says so', async (_what, body) => {
    const { name: thrown, message } = await failureOf(answered(body))
    expect(thrown).toMatch(/^Model(Unavailable|Refused)Error$/)
    expect(message).toContain(MODEL_ID)
  })
})

function withoutId(part: ModelPart): object {
  if (part.kind !== 'tool-call') return part
  const { id: _, ...rest } = part
  return rest
}
