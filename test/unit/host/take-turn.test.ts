import { describe, expect, it } from 'vitest'
import type { ModelCall, ModelReply } from '../../../shared/agent/index.ts'
import { OrchestratorError } from '../../../shared/domain/errors.ts'
import type { Json } from '../../../shared/domain/json.ts'
import { filesKnown } from '../../../shared/host/converse/made-up-files.ts'
import { takeTurn } from '../../../shared/host/converse/take-turn.ts'
import { toolsOfCapabilities } from '../../../shared/host/converse/tools-of-capabilities.ts'
import { TurnInputSchema } from '../../../shared/host/converse/turn-schemas.ts'
import { argumentsOf } from '../../../shared/host/model/run-tool-calls.ts'

const tools = toolsOfCapabilities(
  ['text.write', 'list.sort', 'any.thing', 'gone.away'],
  [
    agentOf('b', 'text.write', { type: 'object', properties: { other: { type: 'string' } } }),
    agentOf('a', 'text.write', { type: 'object', properties: { task: { type: 'string' } } }),
    agentOf('c', 'list.sort', { type: 'array', items: { type: 'string' } }),
    agentOf('d', 'any.thing', {}),
    { ...agentOf('e', 'gone.away', {}), tenants: ['another'] },
  ] as never,
  'default',
)

function agentOf(id: string, name: string, inputSchema: object) {
  return { id, status: 'active', capabilities: [{ name, description: name, inputSchema }] }
}

/** A context whose effects are remembered, as the ledger does, over the attempts of a step. */
function contextOf(says: (call: ModelCall) => Partial<ModelReply> | Error) {
  const [asked, written, done]: [ModelCall[], string[], Map<string, Json>] = [[], [], new Map()]
  const generate = async (call: ModelCall): Promise<ModelReply> => {
    asked.push(call)
    const said = says(call)
    if (said instanceof Error) throw said
    const usage = { inputTokens: 1, outputTokens: 1 }
    return { text: '', parts: [], finish: 'stop', modelId: 'm', usage, ...said }
  }
  const context = {
    model: { generate },
    once: async (key: string, effect: (key: string) => Promise<Json>) => {
      if (!done.has(key)) done.set(key, await effect(key))
      return done.get(key)
    },
    files: {
      write: async (name: string) => {
        written.push(name)
        return { $file: `task-files/${name}` }
      },
    },
    step: { path: 'ask[2].turn', run: '1' },
    log: { info: () => {} },
  }
  return { asked, written, context: context as never }
}

const inputOf = (more: object = {}) =>
  TurnInputSchema.parse({
    model: 'default',
    input: 'hello',
    capabilities: ['text.write', 'list.sort', 'any.thing'],
    maxTurns: 10,
    maxOutputTokens: 100,
    turn: 1,
    ...more,
  })

describe('the tools of a conversation', () => {
  it('are the capabilities that agents of the tenant offer, by the schema of the first of them', () => {
    expect(tools.map(({ name, schema, isWrapped }) => ({ name, schema, isWrapped }))).toEqual([
      {
        name: 'text.write',
        isWrapped: false,
        schema: { type: 'object', properties: { task: { type: 'string' } } },
      },
      {
        name: 'list.sort',
        isWrapped: true,
        schema: {
          type: 'object',
          required: ['input'],
          additionalProperties: false,
          properties: { input: { type: 'array', items: { type: 'string' } } },
        },
      },
      { name: 'any.thing', isWrapped: false, schema: { type: 'object' } },
    ])
  })
})

describe('the tool of a capability that takes no object', () => {
  it.each([
    ['a definition', { type: 'array', items: { $ref: '#/$defs/Item' }, $defs: { Item: { type: 'string' } } }],
    ['itself', { anyOf: [{ type: 'string' }, { type: 'array', items: { $ref: '#' } }] }],
  ])('keeps what its schema refers to: %s', (_what, schema) => {
    const [tool] = toolsOfCapabilities(['a.list'], [agentOf('a', 'a.list', schema)] as never, 'default')
    const checked = (input: Json) => argumentsOf('a_list', tool?.schema ?? {}, { input })
    expect(checked(['b'])).toEqual({ value: { input: ['b'] } })
    expect(checked([7])).toHaveProperty('error')
  })
})

it('may name a file that it was given, or what is in a folder (turn/N2)', () => {
  const own = `task-files/default/t_${'1'.repeat(26)}/f_${'1'.repeat(26)}/a.md`
  const shown = [{ $file: 'files/corpus/' }, `files/other/a.md and ${own}`, { $file: 'files/it/b.md' }]
  const isKnown = filesKnown(shown, () => `t_${'1'.repeat(26)}`)
  expect(['files/corpus/a.md', 'files/it/b.md', own].map(isKnown)).toEqual([true, true, true])
  expect(['files/other/a.md', 'files/it/c.md'].map(isKnown)).toEqual([false, false])
})

describe('a turn', () => {
  it('asks the model once over all attempts of its step (turn/N1)', async () => {
    const { asked, context } = contextOf(() => ({ text: `answer ${asked.length}` }))
    const [first, again] = [
      await takeTurn(inputOf(), tools, context),
      await takeTurn(inputOf(), tools, context),
    ]
    expect(asked).toHaveLength(1)
    expect(again).toEqual(first)
    expect(first.result).toEqual({ text: 'answer 1', turns: 1, calls: [] })
  })

  it('says where its last answer is not whole, and fails where nothing of it is left', async () => {
    const turn = (reply: object) => takeTurn(inputOf(), tools, contextOf(() => reply).context)
    for (const finish of ['length', 'filtered'])
      expect((await turn({ text: 'The amount is 1', finish })).result).toMatchObject({
        text: 'The amount is 1',
        cut: finish,
      })
    await expect(turn({ text: '', finish: 'filtered' })).rejects.toMatchObject({ name: 'ModelFilteredError' })
  })

  it('unwraps what a capability takes that takes no object, and tells of arguments that do not fit', async () => {
    const call = (id: string, name: string, input: Json) => ({ kind: 'tool-call' as const, id, name, input })
    const parts = [
      call('1', 'list_sort', { input: ['b', 'a'] }),
      call('2', 'list_sort', ['b']),
      call('3', 'text.write', { task: 'x' }),
      call('4', 'text_write', { task: 7 }),
    ]
    const { context } = contextOf(() => ({ parts, finish: 'tools' }))
    const turn = await takeTurn(inputOf(), tools, context)
    expect(turn.calls).toEqual([
      { capability: 'list.sort', input: ['b', 'a'] },
      { capability: 'text.write', input: { task: 'x' } },
    ])
    expect(turn.state?.pending.map(({ at, error }) => at ?? error?.slice(0, 35))).toEqual([
      0,
      'the arguments do not fit the schema',
      1,
      'the arguments do not fit the schema',
    ])
  })

  const stateAfter = (turns: number, size: number) => ({
    messages: [
      { role: 'user', parts: [{ kind: 'text', text: 'hello' }] },
      ...Array.from({ length: turns }, (_, n) => [
        { role: 'assistant', parts: [{ kind: 'tool-call', id: `${n}`, name: 'any_thing', input: { n } }] },
        {
          role: 'user',
          parts: [{ kind: 'tool-result', id: `${n}`, name: 'any_thing', output: 'x'.repeat(size) }],
        },
      ]).flat(),
      { role: 'assistant', parts: [{ kind: 'tool-call', id: 'last', name: 'any_thing', input: {} }] },
    ],
    pending: [{ id: 'last', name: 'any_thing', capability: 'any.thing', at: 0 }],
    made: [],
    empty: 0,
  })
  const told = (call: ModelCall | undefined): Json[] =>
    ((call as { messages?: { parts: { output?: Json }[] }[] }).messages ?? []).flatMap(({ parts }) =>
      parts.flatMap(({ output }) => output ?? []),
    )

  it('shows 16 KB of a result, and keeps the whole in a file (turn/N5)', async () => {
    const { asked, written, context } = contextOf(() => ({ text: 'done' }))
    const results = [{ status: 'succeeded', output: 'y'.repeat(40_000) }]
    await takeTurn(inputOf({ turn: 3, before: stateAfter(1, 10), results }), tools, context)
    const [, shown] = told(asked[0])
    expect(shown).toMatchObject({ $file: `task-files/${written[0]}`, bytes: 40_000 })
    expect(JSON.stringify(shown).length).toBeLessThan(16_400)
  })

  it('leaves out the oldest results where all are more than the context or the record takes (turn/N5)', async () => {
    const tooLarge = new OrchestratorError('ModelContextError', 'too large')
    const { asked, context } = contextOf((call) =>
      JSON.stringify(told(call)).length > 30_000 ? tooLarge : { text: 'done' },
    )
    const results = [{ status: 'succeeded', output: 'last' }]
    const turn = await takeTurn(inputOf({ turn: 6, before: stateAfter(4, 15_000), results }), tools, context)
    expect(turn.result?.text).toBe('done')
    expect(asked.length).toBeGreaterThan(1)
    expect(told(asked.at(-1)).at(-1)).toBe('last')
    const many = contextOf(() => ({
      parts: [{ kind: 'tool-call', id: 'n', name: 'any_thing', input: { next: 1 } }],
      finish: 'tools',
    }))
    const next = await takeTurn(
      inputOf({ turn: 9, before: stateAfter(45, 15_000), results }),
      tools,
      many.context,
    )
    expect(JSON.stringify(next.state).length).toBeLessThan(540_000)
  })
})
