import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { OrchestratorError } from '../../../../shared/domain/errors.ts'
import { faultOf } from '../../../../shared/domain/fault.ts'
import type { ModelSettings } from '../../../../shared/domain/model-settings.ts'
import { ownOf } from '../../../../shared/domain/own.ts'
import { withOthers } from '../../../../shared/host/model/model-errors.ts'
import { silenceFor } from '../../../../shared/host/model/silence-for.ts'
import type { ModelRequest } from '../../../../shared/ports/models.ts'
import { type ScriptedAnswer, scriptedModels } from '../../../../testing/scripted-models.ts'
import { modelHost, thinkingAgent } from '../../../support/agents/model-host.ts'

const agent = thinkingAgent(
  async (_input, { model }) => (await model.generate({ prompt: 'x', maxOutputTokens: 100 })).text,
)
const throttled = (retryAfterSeconds?: number): ScriptedAnswer => ({
  fails: {
    name: 'ModelThrottledError',
    message: 'slow down',
    details: retryAfterSeconds === undefined ? {} : { retryAfterSeconds },
  },
})

/** A step whose agent asks `default`, which falls back to `spare`. */
async function asking(
  answers: { first: ScriptedAnswer; spare?: ScriptedAnswer },
  settings: Partial<ModelSettings> = {},
  asks = agent,
) {
  const asked: string[] = []
  const models = scriptedModels(
    {
      default: { answers: () => answers.first, fallback: 'spare', ...settings },
      spare: { answers: () => answers.spare ?? 'from the spare one' },
    },
    [],
    ({ model }) => asked.push(model),
  )
  const world = modelHost(() => 'unused')
  const taskId = await world.seed()
  let turn = 0
  const call = async (): Promise<unknown> => {
    const { answer, error } = await world.invoke(asks, taskId, { hosts: { models }, turn }).then(
      ({ answer }) => ({ answer, error: undefined }),
      (error: Error) => ({ answer: undefined, error }),
    )
    if (!error) return answer && world.output(taskId)
    await world.rebind(taskId, turn, error)
    turn += 1
    return error
  }
  return { asked, call, clock: world.clock, answers }
}

describe('a throttled model with a fallback (model-gate/G9)', () => {
  it('is waited for as long as its patience, and then the fallback is asked', async () => {
    const { asked, call, clock } = await asking({ first: throttled() })
    expect(await call()).toMatchObject({ name: 'AgentThrottledError' })
    await clock.sleep(9_000)
    expect(await call()).toMatchObject({ name: 'AgentThrottledError' })
    await clock.sleep(1_000)
    expect(await call()).toBe('from the spare one')
    expect(asked).toEqual(['default', 'default', 'default', 'spare'])
  })

  it.each([
    ['a wait beyond the default of 10 s', 11, {}, true],
    ['a wait within it', 10, {}, false],
    ['a wait beyond what the stage says', 61, { fallbackAfterSeconds: 60 }, true],
    ['a wait within that', 60, { fallbackAfterSeconds: 60 }, false],
    ['any wait, where the stage says 0', 1, { fallbackAfterSeconds: 0 }, true],
    ['no told wait, where the stage says 0', undefined, { fallbackAfterSeconds: 0 }, true],
  ])('is left at once for %s', async (_what, wait, settings, isLeft) => {
    const { call, asked } = await asking({ first: throttled(wait) }, settings)
    const answer = await call()
    if (isLeft) expect(answer).toBe('from the spare one')
    else expect(answer).toMatchObject({ name: 'AgentThrottledError' })
    expect(asked).toEqual(isLeft ? ['default', 'spare'] : ['default'])
  })

  it('is left for its rate in the stage, too', async () => {
    const twice = thinkingAgent(async (_input, { model }) => {
      const one = async () => (await model.generate({ prompt: 'x', maxOutputTokens: 100 })).text
      return [await one(), await one()]
    })
    const usage = { inputTokens: 17, outputTokens: 100 }
    const { call } = await asking(
      { first: { text: 'from the first', usage } },
      { tokensPerMinute: 200 },
      twice,
    )
    expect(await call()).toEqual(['from the first', 'from the spare one'])
  })

  it('is waited for where its fallback cannot answer either: the shorter of their waits', async () => {
    const both = await asking({ first: throttled(40), spare: throttled(300) })
    expect(await both.call()).toMatchObject({
      name: 'AgentThrottledError',
      message: expect.stringContaining('model default is throttled'),
    })
    expect(both.asked).toEqual(['default', 'spare'])
    for (const name of ['ModelRefusedError', 'ModelUnavailableError', 'ModelTimedOutError']) {
      const { call } = await asking({ first: throttled(40), spare: { fails: { name, message: 'gone' } } })
      expect(await call()).toMatchObject({ name: 'AgentThrottledError' })
    }
  })
})

describe('a model and its fallbacks that fail (model-gate/G11)', () => {
  const refusal = (message: string): ScriptedAnswer => ({ fails: { name: 'ModelRefusedError', message } })

  it('are all told in the record of the attempt: the last as its error, the others as causes', async () => {
    const settings = {
      default: { answers: () => refusal('no access to the first'), fallback: 'spare' },
      spare: { answers: () => ({ fails: 'ModelUnavailableError' }), fallback: 'last' },
      last: { answers: () => refusal('no access to the last') },
    }
    const world = modelHost(() => 'unused')
    const taskId = await world.seed()
    const models = scriptedModels(settings, [], () => {})
    const error = await world.invoke(agent, taskId, { hosts: { models } }).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ name: 'ModelRefusedError', message: expect.stringContaining('the last') })
    const [record] = await world.ports.steps.findSteps(taskId, ['a'])
    const [attempt] = record?.attempts ?? []
    expect(attempt?.error.causes).toMatchObject([
      { name: 'AggregateError', message: expect.stringContaining('default, spare') },
      { name: 'ModelRefusedError', message: expect.stringContaining('no access to the first') },
      { name: 'ModelUnavailableError', message: expect.stringContaining('model spare') },
    ])
  })

  it('are bounded, and leave the reason of a signal as it is', () => {
    const failed = Array.from({ length: 40 }, (_, at) => ({
      model: `m${at}`,
      error: new Error('x'.repeat(9_000)),
    }))
    const told = withOthers(new OrchestratorError('ModelRefusedError', 'no'), failed)
    expect(JSON.stringify(faultOf(told).causes).length).toBeLessThan(20_000)
    const reason = new DOMException('over', 'AbortError')
    expect(withOthers(reason, failed)).toBe(reason)
  })
})

describe('a model that is silent (model-gate/G10)', () => {
  /** The silence that each model of a chain is given, and what it answers. */
  async function silences(chain: Record<string, Partial<ModelSettings>>) {
    const told: (number | undefined)[] = []
    const answers = () => 'unused'
    const scripted = scriptedModels(
      Object.fromEntries(Object.entries(chain).map(([name, settings]) => [name, { answers, ...settings }])),
      [],
      () => {},
    )
    const models = {
      ...scripted,
      async generate(request: ModelRequest) {
        told.push(request.silenceMilliseconds)
        if (ownOf(scripted.settings, request.model)?.fallback === undefined) return scripted.generate(request)
        await world.clock.sleep(request.silenceMilliseconds ?? 0)
        throw new OrchestratorError('ModelTimedOutError', 'silent')
      },
    }
    const world = modelHost(() => 'unused')
    const taskId = await world.seed()
    await world.invoke(agent, taskId, { hosts: { models } })
    return { told, output: await world.output(taskId) }
  }

  it('is left in time for its fallback to answer', async () => {
    // The invocation has 60 s, less a margin of 1.5 s.
    expect(await silences({ default: { fallback: 'b' }, b: {} })).toEqual({
      told: [29_250, undefined],
      output: 'unused',
    })
    expect(await silences({ default: { fallback: 'b' }, b: { fallback: 'c' }, c: {} })).toEqual({
      told: [19_500, 19_500, undefined],
      output: 'unused',
    })
    expect(await silences({ default: {} })).toEqual({ told: [undefined], output: 'unused' })
  })

  it('leaves each of its fallbacks an equal share of the time, whatever that is', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1_000, max: 900_000 }),
        fc.integer({ min: 1, max: 15 }),
        (time, fallbacks) => {
          const settings = Object.fromEntries(
            Array.from({ length: fallbacks + 1 }, (_, at) => [
              `m${at}`,
              {
                provider: 'bedrock',
                id: 'x',
                structured: 'tool',
                contextTokens: 1_000,
                ...(at < fallbacks ? { fallback: `m${at + 1}` } : {}),
              } as const,
            ]),
          )
          let left = time
          for (let at = 0; at < fallbacks; at++) {
            const silence = silenceFor(settings, `m${at}`, left)
            expect(silence).toBeGreaterThan(0)
            left -= silence ?? Number.POSITIVE_INFINITY
          }
          expect(silenceFor(settings, `m${fallbacks}`, left)).toBeUndefined()
          expect(left).toBeGreaterThanOrEqual(Math.floor(time / (fallbacks + 1)))
        },
      ),
    )
  })
})
