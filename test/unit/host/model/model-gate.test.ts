import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { type AgentContext, defineAgent } from '../../../../shared/agent/index.ts'
import { cancelTask } from '../../../../shared/app/tasks/cancel-task.ts'
import { mostInputTokens } from '../../../../shared/domain/model-tokens.ts'
import { platformTimer } from '../../../../shared/domain/timer.ts'
import { type GivenModels, testAgent } from '../../../../testing/index.ts'
import { modelHost, thinkingAgent } from '../../../support/agents/model-host.ts'
import { CALLER } from '../../../support/stores/callers.ts'

type Work = (context: AgentContext) => Promise<unknown>

const agentOf = (work: Work, more: object = {}) =>
  defineAgent({
    id: 'thinker',
    version: '1.0.0',
    description: 'thinks',
    needs: { models: ['default', 'fast'] },
    capabilities: { think: { description: 'thinks', input: z.any(), output: z.any() } },
    execute: async (_call, context) => (await work(context)) ?? null,
    ...more,
  })

const run = (work: Work, models: GivenModels, more: { agent?: object; timeoutSeconds?: number } = {}) => {
  const { agent, ...test } = more
  return testAgent(agentOf(work, agent), { models, ...test })
}

const PRICE = { input: 1_000, output: 2_000 }
const SCHEMA = {
  type: 'object',
  properties: { city: { type: 'string' }, people: { type: 'integer' } },
  required: ['city', 'people'],
}

describe('a call of a model', () => {
  it('answers with its text, and is paid for', async () => {
    const usage = { inputTokens: 30, outputTokens: 10 }
    const ended = await run(
      async ({ model }) => ({ ...(await model.generate({ prompt: 'Say hello', maxOutputTokens: 20 })) }),
      { default: { answers: [{ text: 'Hello!', usage }], price: PRICE } },
    )
    expect(ended.output).toEqual({
      text: 'Hello!',
      parts: [{ kind: 'text', text: 'Hello!' }],
      finish: 'stop',
      usage,
      modelId: 'scripted-default',
    })
    expect(ended.spent).toEqual({ usd: (30 * 1_000 + 10 * 2_000) / 1e6, tokens: 40 })
    expect(ended.modelCalls).toEqual([
      {
        model: 'default',
        system: [],
        messages: [{ role: 'user', parts: [{ kind: 'text', text: 'Say hello' }] }],
        maxOutputTokens: 20,
        nth: 1,
      },
    ])
  })

  it('is told of the texts as they come', async () => {
    const seen: string[] = []
    await run(
      async ({ model }) => {
        const onText = (delta: string) => void seen.push(delta)
        await model.generate({ prompt: 'x', maxOutputTokens: 20, onText })
      },
      ['one'],
    )
    expect(seen).toEqual(['one'])
  })

  it.each([
    ['other', /agent thinker asks for model "other", which it does not say that it needs.*needs\.models/],
    ['fast', /asks for model "fast", which the stage does not configure.*set models\.fast/],
  ])('of the name "%s", which is not there, says which setting to make', async (name, message) => {
    const { error } = await run(
      async ({ model }) => {
        expect(model.has(name)).toBe(false)
        await model.generate({ model: name, prompt: 'x', maxOutputTokens: 1 })
      },
      { default: [] },
    )
    expect(error).toMatchObject({ name: 'ConfigError', message: expect.stringMatching(message) })
  })

  it('needs a declaration', async () => {
    const work: Work = async ({ model }) => {
      expect(model.has()).toBe(false)
      await model.generate({ prompt: 'x', maxOutputTokens: 1 })
    }
    const ended = await run(work, ['x'], { agent: { needs: undefined } })
    expect(ended.error).toMatchObject({
      name: 'ConfigError',
      message: expect.stringContaining("declare needs: {models: ['default']}"),
    })
  })

  it.each([
    [{ prompt: 'x', maxOutputTokens: 0 }, /maxOutputTokens is 0; it must be a whole number from 1/],
    [{ messages: [], maxOutputTokens: 1 }, /either a prompt .* or messages/],
    [{ prompt: 'x', messages: [], maxOutputTokens: 1 }, /either a prompt .* or messages/],
  ])('that is none is refused: %j', async (call, message) => {
    const ended = await run(async ({ model }) => void (await model.generate(call as never)), ['x'])
    expect(ended.error).toMatchObject({
      name: 'AgentFailedError',
      message: expect.stringMatching(message),
    })
    expect(ended.modelCalls).toEqual([])
  })
})

describe('a call that does not fit', () => {
  it('the context is not made (model-gate/G1, model-gate/G3)', async () => {
    const prompt = 'é'.repeat(1_000)
    const most = mostInputTokens({ system: [], messages: [{ parts: [{ kind: 'text', text: prompt }] }] })
    const ended = await run(
      async ({ model }) => void (await model.generate({ prompt, maxOutputTokens: 500 })),
      { default: { answers: ['x'], contextTokens: 2_000 } },
    )
    expect(most).toBeGreaterThanOrEqual(2_000)
    expect(ended.error).toMatchObject({
      name: 'ModelContextError',
      message: expect.stringContaining(
        `at most ${most} tokens of input and maxOutputTokens 500 are ${most + 500} tokens, and the context of model default (scripted-default) has 2000`,
      ),
    })
    expect(ended.modelCalls).toEqual([])
    expect(ended.spent).toEqual({ usd: 0, tokens: 0 })
  })

  it.each([
    ['mostTokens', { mostTokens: 300 }, /may take \d+ tokens, and agent thinker has used \d+ of the 300/],
    ['mostUsd', { mostUsd: 0.3 }, /may take [\d.]+ USD, and agent thinker has used [\d.]+ of the 0\.3/],
  ])('what its agent declares, by %s, is not made (model-gate/G1)', async (_what, price, message) => {
    const usage = { inputTokens: 10, outputTokens: 100 }
    const ended = await run(
      async ({ model }) => {
        for (;;) await model.generate({ prompt: 'x', maxOutputTokens: 100 })
      },
      { default: { answers: () => ({ text: 'y', usage }), price: PRICE } },
      { agent: { price } },
    )
    expect(ended.error).toMatchObject({ name: 'ModelLimitError', message: expect.stringMatching(message) })
    expect(ended.modelCalls.length).toBe(ended.spent.tokens / 110)
    expect(ended.modelCalls.length).toBeGreaterThan(0)
    const { mostTokens = 1e9, mostUsd = 1e9 }: { mostTokens?: number; mostUsd?: number } = price
    expect(ended.spent.tokens).toBeLessThanOrEqual(mostTokens)
    expect(ended.spent.usd).toBeLessThanOrEqual(mostUsd)
  })
})

describe('an answer that was cut off', () => {
  const cut = { text: 'It was', finish: 'length' as const, usage: { inputTokens: 10, outputTokens: 50 } }

  it('is asked for once more, with twice the room (model-gate/G4)', async () => {
    const ended = await run(
      async ({ model }) => (await model.generate({ prompt: 'x', maxOutputTokens: 50 })).text,
      [cut, { text: 'It was the lark', usage: { inputTokens: 10, outputTokens: 60 } }],
    )
    expect(ended.output).toBe('It was the lark')
    expect(ended.modelCalls.map(({ maxOutputTokens }) => maxOutputTokens)).toEqual([50, 100])
    expect(ended.spent.tokens).toBe(130)
  })

  it('is returned as it is where the call keeps to its room', async () => {
    const ended = await run(
      async ({ model }) => (await model.generate({ prompt: 'x', maxOutputTokens: 50, grows: false })).finish,
      [cut, { text: 'It was all.' }],
    )
    expect(ended.output).toBe('length')
    expect(ended.modelCalls).toHaveLength(1)
  })

  it('is returned as it is when it is cut off again, or when more does not fit', async () => {
    const ended = await run(
      async ({ model }) => {
        const { finish, usage } = await model.generate({ prompt: 'x', maxOutputTokens: 50 })
        return { finish, tokens: usage.outputTokens }
      },
      [cut, cut],
    )
    expect(ended.output).toEqual({ finish: 'length', tokens: 100 })
    const limited = await run(
      async ({ model }) => (await model.generate({ prompt: 'x', maxOutputTokens: 50 })).finish,
      [cut],
      { agent: { price: { mostTokens: 100 } } },
    )
    expect(limited.output).toBe('length')
    expect(limited.modelCalls).toHaveLength(1)
  })
})

describe('a structured answer', () => {
  const ask: Work = async ({ model }) => {
    const { value = null, finish } = await model.generate({
      prompt: 'Which city?',
      answer: { name: 'city', schema: SCHEMA },
      maxOutputTokens: 100,
    })
    return { value, finish }
  }

  it('is checked against its schema (model-gate/G7)', async () => {
    const ended = await run(ask, [{ value: { city: 'Rome', people: 3 } }])
    expect(ended.output).toEqual({ value: { city: 'Rome', people: 3 }, finish: 'stop' })
  })

  it('that does not fit is repaired once, with the issues and their places (model-gate/G4, model-gate/G7)', async () => {
    const ended = await run(ask, [{ value: { city: 7 } }, { value: { city: 'Rome', people: 3 } }])
    expect(ended.output).toMatchObject({ value: { city: 'Rome', people: 3 } })
    const [, , told] = ended.modelCalls[1]?.messages ?? []
    const [said] = told?.parts ?? []
    expect(said).toMatchObject({ kind: 'text', text: expect.stringContaining('"path":"city"') })
    expect(said).toMatchObject({ kind: 'text', text: expect.stringContaining('"path":"people"') })
  })

  it.each([
    ['of another schema', { value: { city: 7 } }, /city: .*people: /],
    ['without a value', { text: 'Rome, of course' }, /holds no JSON value/],
    ['that is empty', { text: '' }, /holds no JSON value/],
    ['that is cut off', { text: '{"ci', finish: 'length' as const }, /cut off/],
  ])('%s, again and again, is an error (model-gate/G7)', async (_what, answer, message) => {
    const ended = await run(ask, () => answer)
    expect(ended.error).toMatchObject({
      name: 'ModelOutputError',
      message: expect.stringMatching(message),
      retryable: false,
    })
    expect(ended.modelCalls.length).toBeLessThanOrEqual(4)
  })

  it.each([
    ['at once', 1, [{ finish: 'filtered' as const }]],
    ['when it is repaired', 2, [{ value: { city: 7 } }, { finish: 'filtered' as const }]],
  ])('that is filtered %s is told as that, and is asked for no more', async (_when, calls, answers) => {
    const ended = await run(ask, answers)
    expect(ended.error).toEqual({
      name: 'ModelFilteredError',
      message: expect.stringMatching(/^model default \(scripted-default\) .*"city".* withheld by .*filter/),
      retryable: false,
    })
    expect(ended.modelCalls).toHaveLength(calls)
  })

  it('that is none, but a text, is a result where it is filtered', async () => {
    const plain: Work = async ({ model }) =>
      (await model.generate({ prompt: 'x', maxOutputTokens: 9 })).finish
    expect((await run(plain, [{ finish: 'filtered' }])).output).toBe('filtered')
  })

  it('by a schema that cannot be read is an error of the agent', async () => {
    const ended = await run(
      async ({ model }) => {
        const answer = { name: 'odd', schema: { type: 'nothing' } }
        await model.generate({ prompt: 'x', answer, maxOutputTokens: 10 })
      },
      ['x'],
    )
    expect(ended.error).toMatchObject({
      name: 'ConfigError',
      message: expect.stringContaining('the schema of the answer "odd"'),
    })
    expect(ended.modelCalls).toEqual([])
  })
})

describe('a model that fails', () => {
  const ask: Work = async ({ model }) => (await model.generate({ prompt: 'x', maxOutputTokens: 100 })).text

  it('is busy and not failed where it is throttled (model-gate/G5)', async () => {
    const fails = { name: 'ModelThrottledError', message: 'slow down', details: { retryAfterSeconds: 30 } }
    const ended = await run(ask, [{ fails }])
    expect(ended.error).toEqual({
      name: 'AgentThrottledError',
      message: 'model default is throttled by its provider: slow down',
      retryable: true,
    })
    expect(ended.spent).toEqual({ usd: 0, tokens: 0 })
  })

  it.each([
    ['ModelUnavailableError', 0],
    ['ModelRefusedError', 0],
    ['ModelTimedOutError', 'most'],
  ])('for good or for now is replaced by its fallback: %s (model-gate/G6)', async (name, cost) => {
    const fails = { name, details: { status: 503 } }
    const ended = await run(ask, {
      default: { answers: () => ({ fails }), price: PRICE, fallback: 'spare' },
      spare: { answers: [{ text: 'here', usage: { inputTokens: 1, outputTokens: 1 } }], price: PRICE },
    })
    expect(ended.output).toBe('here')
    expect(ended.modelCalls.map(({ model }) => model)).toEqual(['default', 'spare'])
    const [first] = ended.modelCalls
    const most = first ? mostInputTokens(first) + 100 : 0
    expect(ended.spent.tokens).toBe(2 + (cost === 'most' ? most : 0))
  })

  it.each([
    ['ModelUnavailableError', true],
    ['ModelTimedOutError', true],
    ['ModelRefusedError', false],
  ])('leaves its error where it has no fallback: %s', async (name, retryable) => {
    const ended = await run(ask, [{ fails: { name, message: 'gone' } }])
    expect(ended.error).toEqual({ name, message: 'gone', retryable })
  })

  it('after its connection has broken costs what was held (model-gate/G2)', async () => {
    const usage = { inputTokens: 9_999, outputTokens: 9_999, estimated: true }
    const ended = await run(ask, [{ fails: { name: 'ModelUnavailableError', details: { usage } } }])
    const [call] = ended.modelCalls
    expect(ended.spent.tokens).toBe(call ? mostInputTokens(call) + 100 : 0)
  })

  it('to answer at all is left at the deadline, and costs what was held (model-gate/G2)', async () => {
    const never = (): Promise<never> => new Promise(() => {})
    const ended = await run(ask, never, { timeoutSeconds: 0.05 })
    expect(ended.error?.name).toBe('StepTimedOutError')
    const [call] = ended.modelCalls
    expect(ended.spent.tokens).toBe(call ? mostInputTokens(call) + 100 : 0)
  })

  it('is paid for also where its agent does not wait for it (model-gate/G2)', async () => {
    const ended = await run(
      async ({ model }) => {
        void model.generate({ prompt: 'x', maxOutputTokens: 100 })
        await new Promise((resolve) => setTimeout(resolve, 10))
      },
      () => new Promise(() => {}),
    )
    expect(ended.error).toBeUndefined()
    const [call] = ended.modelCalls
    expect(ended.spent.tokens).toBe(call ? mostInputTokens(call) + 100 : 0)
  })
})

describe('a rate of a model', () => {
  const settings = { tokensPerMinute: 2_000 }
  const usage = { inputTokens: 10, outputTokens: 10 }
  const asking = (calls: number) =>
    thinkingAgent(async (_input, { model }) => {
      for (let at = 0; at < calls; at++) await model.generate({ prompt: 'x', maxOutputTokens: 1_500 })
      return 'done'
    })

  it('is taken by the most that a call can use, and what it has not used is given back (model-gate/G1, model-gate/G2)', async () => {
    const world = modelHost(() => ({ text: 'y', usage }), settings)
    const first = await world.seed()
    await world.invoke(asking(20), first)
    expect(await world.output(first)).toBe('done')
    const second = await world.seed()
    // 24 x 20 of 2,000 tokens are left less than the most of the next.
    await expect(world.invoke(asking(20), second)).rejects.toMatchObject({
      name: 'AgentThrottledError',
      message: 'model default is at its limit of 2000 tokens a minute in this stage',
      details: { waitSeconds: expect.any(Number) },
    })
    const [record] = await world.ports.steps.findSteps(second, ['a'])
    expect(record).toMatchObject({ attempts: [], askAgainAt: expect.any(String) })
    // What the second has spent before it was throttled is not lost.
    expect(record?.uncounted?.tokens).toBe((world.calls.length - 20) * 20)
    expect(world.log.map(([message]) => message)).toContainEqual(expect.stringMatching(/^step goes on later/))
  })

  it('takes nothing for a call that is refused for another reason (model-gate/G3)', async () => {
    const world = modelHost(() => ({ text: 'y', usage }), { ...settings, price: { input: 1e6, output: 1e6 } })
    const taskId = await world.seed({ budgetUsd: 1 })
    await expect(world.invoke(asking(1), taskId)).rejects.toMatchObject({ name: 'BudgetExceededError' })
    expect(world.calls).toEqual([])
    expect(await world.ports.limits.takeRate('model:default', 2_000, 2_000)).toBe(true)
    const budget = await world.ports.budgets.find(taskId)
    expect(budget).toMatchObject({ available: { nanoUsd: 1e9 }, reserved: new Map() })
  })
})

describe('a task that is cancelled while a model answers', () => {
  it('ends the call soon, and has paid what was held (model-gate/G2)', async () => {
    const world = modelHost(() => new Promise(() => {}), { price: { input: 1_000, output: 1_000 } })
    const taskId = await world.seed({ budgetUsd: 100 })
    const agent = thinkingAgent(async (_input, { model }) => {
      const { text } = await model.generate({ prompt: 'x', maxOutputTokens: 100 })
      return text
    })
    const begun = performance.now()
    const ended = world.invoke(agent, taskId, { hosts: { timer: platformTimer } })
    await expect.poll(() => world.calls.length).toBe(1)
    await cancelTask(world.ports)({ id: taskId, reason: 'enough' }, CALLER)
    await expect(ended).rejects.toMatchObject({ name: 'TaskCancelledError' })
    expect(performance.now() - begun).toBeLessThan(10_000)
    const [call] = world.calls
    const most = call ? mostInputTokens(call) + 100 : 0
    const budget = await world.ports.budgets.find(taskId)
    expect(budget).toMatchObject({ spent: { nanoUsd: most * 1e6, tokens: most }, reserved: new Map() })
  })
})

describe('what is told of a call', () => {
  it('are names, sizes and tokens, and never a text (model-gate/G8)', async () => {
    const world = modelHost(({ nth }) =>
      nth === 1 ? { text: 'SECRET answer' } : { fails: { name: 'ModelRefusedError', message: 'no SECRET' } },
    )
    const agent = thinkingAgent(async (_input, { model }) => {
      const asked = { system: 'SECRET rules', prompt: 'a SECRET', maxOutputTokens: 10 }
      await model.generate(asked)
      await model.generate(asked).catch(() => {})
      return null
    })
    await world.invoke(agent, await world.seed())
    const told = world.log.filter(([message]) => message.startsWith('model'))
    expect(told).toEqual([
      [
        'model called',
        expect.objectContaining({
          model: 'default',
          modelId: 'scripted-default',
          finish: 'stop',
          inputTokens: expect.any(Number),
          outputTokens: expect.any(Number),
          durationMs: 0,
        }),
      ],
      ['model call failed', expect.objectContaining({ model: 'default', errorName: 'ModelRefusedError' })],
    ])
    expect(JSON.stringify(world.log)).not.toContain('SECRET')
  })
})

describe('a provider that tells a usage that cannot be', () => {
  it.each([1e15, Number.NaN, -5, 0.5])(
    'costs what was held for the call (%s, model-gate/G2)',
    async (inputTokens) => {
      const world = modelHost(() => ({ text: 'x', usage: { inputTokens, outputTokens: 1 } }))
      const taskId = await world.seed({ budgetTokens: 100_000 })
      await world.invoke(
        thinkingAgent((_input, { model }) => model.generate({ prompt: 'x', maxOutputTokens: 100 })),
        taskId,
      )
      const [record] = await world.ports.steps.findSteps(taskId, ['a'])
      const [call] = world.calls
      expect(record).toMatchObject({ status: 'succeeded' })
      expect(record?.attempts[0]?.tokens ?? record?.tokens).toBe(call ? mostInputTokens(call) + 100 : 0)
    },
  )
})

describe('a listener that throws', () => {
  it('fails the agent by its own error, and asks no fallback (model-gate/G6)', async () => {
    const world = modelHost(() => 'hello')
    const taskId = await world.seed()
    const agent = thinkingAgent((_input, { model }) =>
      model.generate({
        prompt: 'x',
        maxOutputTokens: 10,
        onText() {
          throw new TypeError('a bug of the author')
        },
      }),
    )
    await expect(world.invoke(agent, taskId)).rejects.toMatchObject({
      name: 'AgentFailedError',
      message: expect.stringContaining('a bug of the author'),
    })
    expect(world.calls).toHaveLength(1)
  })
})
