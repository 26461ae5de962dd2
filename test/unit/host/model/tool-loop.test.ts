import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { type AgentTool, defineAgent, defineTool, type ToolLoop } from '../../../../shared/agent/index.ts'
import { listTranscript } from '../../../../shared/app/views/read-transcript.ts'
import { OrchestratorError } from '../../../../shared/domain/errors.ts'
import type { Json } from '../../../../shared/domain/json.ts'
import { type AgentTest, type GivenModels, testAgent } from '../../../../testing/index.ts'
import { type SeenModelCall, scriptedModels } from '../../../../testing/scripted-models.ts'
import { loopingAgent, modelHost } from '../../../support/agents/model-host.ts'
import { CALLER } from '../../../support/stores/callers.ts'

const SCHEMA = { type: 'object', properties: { of: { type: 'string' } }, required: ['of'] }

/** A tool that notes its calls. */
function toolOf(answer: (input: Json) => Json | Promise<Json>, name = 'look'): AgentTool & { calls: Json[] } {
  const calls: Json[] = []
  return {
    name,
    description: 'looks something up',
    schema: SCHEMA,
    calls,
    async run(input) {
      calls.push(input)
      return answer(input)
    },
  }
}

const agentOf = (loop: Partial<ToolLoop>) =>
  defineAgent({
    id: 'looper',
    version: '1.0.0',
    description: 'loops',
    needs: { models: ['default'] },
    capabilities: { loop: { description: 'loops', input: z.any(), output: z.any() } },
    async execute(_call, { model }) {
      const { text, value, turns } = await model.runTools({
        prompt: 'go',
        maxOutputTokens: 100,
        tools: [],
        ...loop,
      } as ToolLoop)
      return { text, turns, ...(value === undefined ? {} : { value }) }
    },
  })

const run = (loop: Partial<ToolLoop>, models: GivenModels, more: AgentTest = {}) =>
  testAgent(agentOf(loop), { models, ...more })

const call = (of: string, name = 'look') => ({ name, input: { of } })

describe('a loop of a model and tools', () => {
  it('takes schemas of zod for tools and answer: what they refine is told to the model', async () => {
    const got: number[] = []
    const add = defineTool({
      name: 'add',
      description: 'adds',
      schema: z
        .object({ a: z.coerce.number(), b: z.number().default(1) })
        .refine(({ a }) => a !== 13, 'not 13'),
      run: async ({ a, b }) => {
        got.push(a + b)
        return a + b
      },
    })
    const answer = {
      name: 'sum',
      schema: z.object({ sum: z.number().refine((sum) => sum < 9, 'too large') }),
    }
    const ended = await run({ tools: [add], answer }, [
      {
        calls: [
          { name: 'add', input: { a: '1' } },
          { name: 'add', input: { a: 13 } },
        ],
      },
      { value: { sum: 9 } },
      { value: { sum: 2 } },
    ])
    expect(ended.output).toMatchObject({ value: { sum: 2 } })
    expect(got).toEqual([2])
    const told = ended.modelCalls.map(({ messages }) => JSON.stringify(messages.at(-1)))
    expect(told[1]).toContain('not 13')
    expect(told[2]).toContain('too large')
    expect(ended.modelCalls[0]?.tools?.[0]?.schema).toMatchObject({ type: 'object' })
  })

  it('a schema that cannot be checked is refused before a call is paid', async () => {
    const schema = { type: 'object', properties: { a: { type: 'string', required: true } } }
    const ended = await run({ tools: [{ ...toolOf(() => 1), schema }] }, ['unasked'])
    expect(ended.error).toMatchObject({
      name: 'ConfigError',
      message: expect.stringContaining('tool "look"'),
    })
    expect(ended.modelCalls).toEqual([])
  })

  it('runs the tools that the model calls, and ends with its answer', async () => {
    const look = toolOf((input) => ({ found: input }))
    const ended = await run({ tools: [look] }, [
      { text: 'Let me see.', calls: [call('a'), call('b')] },
      'It is a and b.',
    ])
    expect(ended.output).toEqual({ text: 'It is a and b.', turns: 2 })
    expect(look.calls).toEqual([{ of: 'a' }, { of: 'b' }])
    expect(ended.modelCalls[1]?.messages).toEqual([
      { role: 'user', parts: [{ kind: 'text', text: 'go' }] },
      {
        role: 'assistant',
        parts: [
          { kind: 'text', text: 'Let me see.' },
          { kind: 'tool-call', id: 'call-1-1', name: 'look', input: { of: 'a' } },
          { kind: 'tool-call', id: 'call-1-2', name: 'look', input: { of: 'b' } },
        ],
      },
      {
        role: 'user',
        parts: [
          { kind: 'tool-result', id: 'call-1-1', name: 'look', output: { found: { of: 'a' } } },
          { kind: 'tool-result', id: 'call-1-2', name: 'look', output: { found: { of: 'b' } } },
        ],
      },
    ])
  })

  it('may end with a structured answer', async () => {
    const ended = await run({ tools: [toolOf(() => 1)], answer: { name: 'found', schema: SCHEMA } }, [
      { calls: [call('a')] },
      { value: { of: 'x' } },
    ])
    expect(ended.output).toEqual({ text: '', turns: 2, value: { of: 'x' } })
  })

  it('tells the model what is wrong with its calls (tool-loop/L4)', async () => {
    const look = toolOf(() => {
      throw new Error('the shelf is locked')
    })
    const ended = await run({ tools: [look] }, [
      { calls: [call('a', 'lok'), { name: 'look', input: { to: 'a' } }, call('b')] },
      'I give up.',
    ])
    expect(ended.output).toMatchObject({ text: 'I give up.' })
    expect(look.calls).toEqual([{ of: 'b' }])
    expect(ended.modelCalls[1]?.messages.at(-1)?.parts).toMatchObject([
      { isError: true, output: { error: 'there is no tool "lok"; did you mean "look"? (known: look)' } },
      { isError: true, output: { error: expect.stringContaining('"path":"of"') } },
      { isError: true, output: { error: 'the shelf is locked' } },
    ])
  })

  it('shows the beginning of a large result, and keeps the whole in a file', async () => {
    const text = 'ü'.repeat(20_000)
    const ended = await run({ tools: [toolOf(() => text)] }, [{ calls: [call('a')] }, 'done'])
    const [result] = ended.modelCalls[1]?.messages.at(-1)?.parts ?? []
    expect(result).toMatchObject({ output: { bytes: 40_000, $file: expect.stringMatching(/1-1-1\.txt$/) } })
    expect(JSON.stringify(result).length).toBeLessThan(9_000)
    expect(Buffer.from(ended.written['tool-results/1-1-1.txt']?.bytes ?? []).toString()).toBe(text)
  })
})

describe('an answer with calls that is not whole', () => {
  it.each(['length', 'filtered'] as const)('runs none of them (finish: %s, tool-loop/L8)', async (finish) => {
    const erase = toolOf(() => 'gone')
    const models = scriptedModels(
      { default: [{ calls: [call('a')] }, { calls: [call('a')] }, 'done'] },
      [],
      () => {},
    )
    let calls = 0
    const cutting: typeof models = {
      ...models,
      async generate(request) {
        const answer = await models.generate(request)
        calls += 1
        return calls <= 2 ? { ...answer, finish } : answer
      },
    }
    const world = modelHost(() => 'unused')
    const taskId = await world.seed()
    // Its second try, with more room, is cut off too.
    await world.invoke(loopingAgent({ tools: [erase] }), taskId, {
      hosts: { models: cutting },
    })
    expect(erase.calls).toEqual([])
    expect(await world.output(taskId)).toMatchObject(
      finish === 'length' ? { text: 'done', turns: 2 } : { turns: 1 },
    )
  })
})

describe('a tool that has acted', () => {
  it('is not told as failed where its result cannot be kept (tool-loop/L4)', async () => {
    const text = 'ü'.repeat(20_000)
    let acted = 0
    const pay = toolOf(() => {
      acted += 1
      return text
    })
    const world = modelHost(() => (world.calls.length === 1 ? { calls: [call('a')] } : 'paid'))
    const taskId = await world.seed()
    const files = { ...world.hosts.files, write: () => Promise.reject(new Error('the store is away')) }
    await world.invoke(loopingAgent({ tools: [pay] }), taskId, { hosts: { files } })
    const [result] = world.calls[1]?.messages.at(-1)?.parts ?? []
    expect(acted).toBe(1)
    expect(result).toMatchObject({ output: { bytes: 40_000, begins: expect.any(String) } })
    expect(result).not.toHaveProperty('isError')
  })
})

describe('a loop that does not end by itself', () => {
  it('hints at the third identical call, and ends at the fourth (tool-loop/L5)', async () => {
    const look = toolOf(() => 'nothing')
    const ended = await run({ tools: [look] }, () => ({ calls: [call('a')] }))
    expect(ended.error).toMatchObject({
      name: 'LoopDetectedError',
      message: expect.stringContaining('has called "look" 4 times with the same input'),
      retryable: false,
    })
    expect(look.calls).toHaveLength(3)
    expect(JSON.stringify(ended.modelCalls[2])).not.toContain('exactly this call')
    expect(JSON.stringify(ended.modelCalls[3])).toContain('exactly this call')
  })

  it('ends at the third empty answer (tool-loop/L5)', async () => {
    const ended = await run({ tools: [toolOf(() => 1)] }, () => ' ')
    expect(ended.error).toMatchObject({
      name: 'LoopDetectedError',
      message: expect.stringContaining('has answered nothing 3 times'),
    })
    expect(ended.modelCalls).toHaveLength(3)
  })

  it('ends after its turns, the last of which is told to be the last (tool-loop/L3)', async () => {
    const ended = await run({ tools: [toolOf(() => 1)], maxTurns: 3 }, ({ nth }) => ({
      calls: [call(String(nth))],
    }))
    expect(ended.error).toMatchObject({
      name: 'LoopDetectedError',
      message: expect.stringMatching(/^the model has not come to an end in 3 turns/),
    })
    expect(ended.modelCalls.map((one) => JSON.stringify(one).includes('your last turn'))).toEqual([
      false,
      false,
      true,
    ])
  })

  it.each([0, 51, 1.5])('has not %s turns', async (maxTurns) => {
    const ended = await run({ tools: [], maxTurns }, ['x'])
    expect(ended.error?.message).toContain(`maxTurns is ${maxTurns}; it must be a whole number from 1 to 50`)
  })
})

describe('another attempt', () => {
  it('goes on from the turns of the one before, whose tools ran once (tool-loop/L1, tool-loop/L2)', async () => {
    const look = toolOf(() => 'seen')
    const script = ({ nth }: { nth: number }) => {
      if (nth === 1) return { calls: [call('a')] }
      if (nth === 2) return { fails: { name: 'ModelUnavailableError', details: { status: 500 } } }
      return 'done'
    }
    const first = await run({ tools: [look] }, script)
    expect(first.error?.name).toBe('ModelUnavailableError')
    const second = await run({ tools: [look] }, ['done'], { after: first })
    expect(second.output).toEqual({ text: 'done', turns: 2 })
    expect(look.calls).toEqual([{ of: 'a' }])
    expect(second.modelCalls[0]?.messages).toHaveLength(3)
  })
})

describe('a model that is gone in the middle (model-gate/G6)', () => {
  /** Two turns, then gone for good. */
  const default_ = {
    fallback: 'spare',
    answers: ({ nth }: { nth: number }) =>
      nth <= 2 ? { calls: [call(String(nth))] } : { fails: { name: 'ModelUnavailableError' } },
  }
  const seenBy = (calls: SeenModelCall[], model: string) =>
    calls
      .filter((one) => one.model === model)
      .map(
        ({ messages }) => messages.flatMap(({ parts }) => parts).filter(({ kind }) => kind !== 'text').length,
      )

  it('is replaced by its fallback, which goes on from the turns; tools have run once', async () => {
    const look = toolOf(() => 'seen')
    const spare = ({ nth }: { nth: number }) => (nth === 1 ? { calls: [call('3')] } : 'done')
    const ended = await run({ tools: [look] }, { default: default_, spare })
    expect(ended.output).toEqual({ text: 'done', turns: 4 })
    expect(look.calls).toEqual([{ of: '1' }, { of: '2' }, { of: '3' }])
    // A call and a result of each turn before.
    expect(seenBy(ended.modelCalls, 'spare')).toEqual([4, 6])
  })

  it('is replaced so in a later attempt, by the stored turns', async () => {
    const look = toolOf(() => 'seen')
    const alone = { answers: default_.answers }
    const failed = await run({ tools: [look] }, { default: alone })
    expect(failed.error?.name).toBe('ModelUnavailableError')
    const gone = { fallback: 'spare', answers: () => ({ fails: { name: 'ModelRefusedError' } }) }
    const again = await run({ tools: [look] }, { default: gone, spare: ['done'] }, { after: failed })
    expect(again.output).toEqual({ text: 'done', turns: 3 })
    expect(again.modelCalls.map(({ model }) => model)).toEqual(['default', 'spare'])
    expect(seenBy(again.modelCalls, 'spare')).toEqual([4])
    expect(look.calls).toEqual([{ of: '1' }, { of: '2' }])
  })
})

describe('what a model wants back unread', () => {
  it('is stored with its turn, sent back by a later attempt, and in no transcript (transcript/R4)', async () => {
    const opaque = { kind: 'opaque' as const, from: 'bedrock m', data: { text: 'hm', signature: 's' } }
    let asked: Json[] = []
    const world = modelHost(() => (asked.length === 1 ? { calls: [call('a')] } : 'done'))
    const taskId = await world.seed()
    const scripted = scriptedModels({ default: [{ calls: [call('a')] }, 'done', 'done'] }, [], () => {})
    const models: typeof scripted = {
      ...scripted,
      async generate(request) {
        asked = [...asked, JSON.parse(JSON.stringify(request.messages)) as Json]
        if (asked.length === 2) throw new OrchestratorError('ModelUnavailableError', 'gone')
        const answer = await scripted.generate(request)
        return asked.length === 1 ? { ...answer, parts: [opaque, ...answer.parts] } : answer
      },
    }
    const agent = loopingAgent({ tools: [toolOf(() => 1)] })
    const first = await world.invoke(agent, taskId, { hosts: { models } }).catch((error: Error) => error)
    expect(first).toMatchObject({ name: 'AgentRetryableError' })
    await world.invoke(agent, taskId, { hosts: { models } })
    expect(await world.output(taskId)).toEqual({ text: 'done', turns: 2 })
    expect(asked).toHaveLength(3)
    expect(asked[2]).toMatchObject([{}, { role: 'assistant', parts: [opaque, { kind: 'tool-call' }] }, {}])
    const { calls } = await listTranscript(world.ports)({ id: taskId, stepId: 'a', limit: 10 }, CALLER)
    expect(calls).toHaveLength(3)
    expect(JSON.stringify(calls)).not.toMatch(/opaque|signature/)
  })
})

describe('a context that fills up', () => {
  it('loses the oldest results first, and keeps every call (tool-loop/L6)', async () => {
    const ended = await run(
      { tools: [toolOf(() => 'x'.repeat(2_000))], maxTurns: 8 },
      {
        default: {
          answers: ({ nth }) => (nth < 8 ? { calls: [call(String(nth))] } : 'done'),
          contextTokens: 8_000,
        },
      },
    )
    expect(ended.output).toEqual({ text: 'done', turns: 8 })
    const parts = ended.modelCalls.at(-1)?.messages.flatMap((message) => message.parts) ?? []
    const results = parts.filter(({ kind }) => kind === 'tool-result')
    expect(parts.filter(({ kind }) => kind === 'tool-call')).toHaveLength(7)
    expect(results).toHaveLength(7)
    const shown = results.map((part) => JSON.stringify(part).includes('xxx'))
    expect(shown.at(-1)).toBe(true)
    expect(shown[0]).toBe(false)
  })
})
