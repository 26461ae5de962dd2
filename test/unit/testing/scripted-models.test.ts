import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { defineAgent } from '../../../shared/agent/index.ts'
import { type ScriptedAnswer, testAgent, testWorkflow } from '../../../testing/index.ts'

const thinker = defineAgent({
  id: 'thinker',
  version: '1.0.0',
  description: 'thinks',
  needs: { models: ['default'] },
  capabilities: {
    'text.think': { description: 'thinks', input: z.object({ about: z.string() }), output: z.string() },
  },
  async execute({ input }, { model }) {
    return (await model.generate({ prompt: input.about, maxOutputTokens: 100 })).text
  },
})

const about = (what: string) => ({ capability: 'text.think', input: { about: what } })

describe('models of a workflow', () => {
  it('answer in order, over all steps', async () => {
    const run = await testWorkflow(
      {
        name: 'two',
        steps: { a: about('one'), b: { ...about('{% $steps.a %}'), needs: ['a'] } },
        output: '{% $steps.b %}',
      },
      { agents: [thinker], models: ['first', 'second'] },
    )
    expect(run.result).toBe('second')
    expect(run.modelCalls.map(({ messages }) => messages[0]?.parts[0])).toEqual([
      { kind: 'text', text: 'one' },
      { kind: 'text', text: 'first' },
    ])
  })

  it('are told of when there are too few answers', async () => {
    const run = await testAgent(thinker, { input: { about: 'x' }, models: [] })
    expect(run.error).toMatchObject({
      name: 'ModelRefusedError',
      message: 'the script of model "default" has 0 answers, and this is its call 1',
    })
  })

  it.each([
    [5, /models is 5; it must be a list of answers, a function of the call, or an object/],
    [[5], /models\[0\]: .*5/],
    [[{ txt: 'x' }], /models\[0\].*txt/],
    [{ 'No!': [] }, /a name of a model is a-z/],
    [{ default: { answers: [], contextTokens: 5 } }, /models\["default"\]\.contextTokens: .*1000/],
    [{ default: { contextTokens: 5_000 } }, /models\["default"\] is .*it must be a list of answers/],
    [[{ fails: 'ModelThrotledError' }], /did you mean "ModelThrottledError"/],
  ])('that are wrong are refused with their place: %j', async (models, message) => {
    await expect(testAgent(thinker, { input: { about: 'x' }, models: models as never })).rejects.toThrow(
      message,
    )
  })

  it('that are throttled for minutes hold nobody up but the clock: all steps end, and no attempt is used up', async () => {
    let throttled = 0
    const script = (): ScriptedAnswer => {
      if (throttled >= 32) return 'fine'
      throttled += 1
      return { fails: { name: 'ModelThrottledError', details: { retryAfterSeconds: 45 } } }
    }
    const names = Array.from({ length: 8 }, (_, at) => `s${at}`)
    const steps = Object.fromEntries(
      names.map((name) => [name, { ...about(name), retry: { maxAttempts: 1 } }]),
    )
    const run = await testWorkflow({ name: 'crowd', steps }, { agents: [thinker], models: script })
    expect(run.status).toBe('succeeded')
    expect(run.seconds).toBeGreaterThan(3 * 45)
    for (const name of names) expect(run.steps[name]).toMatchObject({ status: 'succeeded', attempts: [] })
    // Each answered at once: the waits are the state machine's.
    expect(run.modelCalls).toHaveLength(32 + 8)
  })

  it.each([
    [
      { defualt: ['x'] },
      'models["defualt"]: no agent of the test needs a model "defualt"; did you mean "default"?',
    ],
    [{ other: ['x'] }, 'models["other"]: no agent of the test needs a model "other" (needed: default)'],
  ])('refuse names that no agent needs: %j', async (models, told) => {
    await expect(testAgent(thinker, { input: { about: 'x' }, models })).rejects.toThrow(told)
    const steps = { a: { capability: 'text.think', input: { about: 'x' } } }
    await expect(testWorkflow({ name: 'w', steps }, { agents: [thinker], models })).rejects.toThrow(told)
  })

  it('may have fallbacks, and be shared with other tests', async () => {
    const models = { default: { answers: ['x'], fallback: 'spare' }, spare: ['y'], unrelated: ['z'] }
    const run = await testAgent(thinker, { input: { about: 'x' }, models })
    expect(run.error).toBeUndefined()
  })

  it('spend no more than the budget of the task, whatever their agents ask for (model-gate/G1)', async () => {
    const greedy = defineAgent({
      ...{ id: 'greedy', version: '1.0.0', description: 'asks and asks', needs: { models: ['default'] } },
      capabilities: { ask: { description: 'asks', input: z.any(), output: z.any() } },
      async execute(_call, { model }) {
        for (;;) await model.generate({ prompt: 'more', maxOutputTokens: 100 })
      },
    })
    const usage = { inputTokens: 10, outputTokens: 100 }
    const run = await testWorkflow(
      { name: 'greed', steps: { a: { capability: 'ask' }, b: { capability: 'ask' } } },
      {
        agents: [greedy],
        models: {
          default: { answers: () => ({ text: 'y', usage }), price: { input: 1_000, output: 1_000 } },
        },
        budgetUsd: 2,
      },
    )
    expect(run).toMatchObject({ status: 'failed', error: { name: 'BudgetExceededError' } })
    expect(run.costUsd).toBeGreaterThan(1.5)
    expect(run.costUsd).toBeLessThanOrEqual(2)
    expect(run.costUsd).toBeCloseTo(run.modelCalls.length * 0.11)
  })
})
