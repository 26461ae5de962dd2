import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { defineAgent } from '../../shared/agent/index.ts'
import { testWorkflow } from '../../testing/index.ts'

const AGENTS = 8
const TIMEOUT_SECONDS = 60
/** Real seconds of a function over all calls of one step: what a Lambda would be paid for. */
const MOST_SECONDS = 1

type Waited = { calls: number; milliseconds: number; endedAt: number }

/**
 * Eight steps that call a model side by side, which is throttled at all times that `isThrottled` says (virtual seconds since the start). An agent that is not
 * scripted works in real time, while virtual time stands still: what it waits for itself is seen in real time.
 */
async function runThrottled(
  isThrottled: (at: number) => boolean,
  retryAfterSeconds: (nth: number) => number | undefined,
) {
  const start = Date.UTC(2026, 0, 1)
  const waited = new Map<string, Waited>()
  let now = 0
  const thinker = defineAgent({
    id: 'thinker',
    version: '1.0.0',
    description: 'thinks',
    needs: { models: ['default'] },
    limits: { timeoutSeconds: TIMEOUT_SECONDS },
    capabilities: { think: { description: 'thinks', input: z.number(), output: z.string() } },
    async execute(_call, { model, deadline, step }) {
      const begun = performance.now()
      now = (deadline.getTime() - start) / 1_000 - TIMEOUT_SECONDS
      const one = waited.get(step.path) ?? { calls: 0, milliseconds: 0, endedAt: 0 }
      waited.set(step.path, one)
      try {
        const { text } = await model.generate({ prompt: 'think', maxOutputTokens: 100 })
        one.endedAt = now
        return text
      } finally {
        one.calls += 1
        one.milliseconds += performance.now() - begun
      }
    },
  })
  const ended = await testWorkflow(
    {
      name: 'thinking',
      steps: {
        each: {
          capability: 'think',
          forEach: '{% [1..8] %}',
          input: '{% $item %}',
          retry: { maxAttempts: 1 },
        },
      },
    },
    {
      agents: [thinker],
      budgetUsd: 10,
      models: {
        default: {
          price: { input: 1, output: 1 },
          answers: ({ nth }) => {
            if (!isThrottled(now)) return 'thought'
            const wish = retryAfterSeconds(nth)
            return {
              fails: {
                name: 'ModelThrottledError',
                ...(wish === undefined ? {} : { details: { retryAfterSeconds: wish } }),
              },
            }
          },
        },
      },
    },
  )
  return { ended, waited }
}

describe('eight agents side by side whose model answers 429 for three minutes (model-gate/G5)', () => {
  it.each([
    ['says nothing about when', () => undefined],
    ['asks for five seconds', () => 5],
    ['asks for more than is left', (nth: number) => (nth % 3 === 0 ? 90 : undefined)],
  ] as const)(
    'all end where it %s: no attempt is used up, and no function waits',
    async (_what, retryAfter) => {
      const { ended, waited } = await runThrottled((at) => at < 180, retryAfter)
      expect(ended.result).toEqual({ each: Array.from({ length: AGENTS }, () => 'thought') })
      expect(waited.size).toBe(AGENTS)
      for (const [path, { calls, milliseconds, endedAt }] of waited) {
        expect(milliseconds / 1_000, path).toBeLessThan(MOST_SECONDS)
        expect(calls).toBeGreaterThan(1)
        // Waits grow: each call costs a start of a function and a read of the step.
        expect(calls, path).toBeLessThanOrEqual(60)
        expect(endedAt).toBeGreaterThanOrEqual(180)
        // It is over soon after the provider is back.
        expect(endedAt, path).toBeLessThan(180 + 120)
      }
      const attempts = Object.values(ended.steps).flatMap((step) => step.attempts)
      expect(attempts).toEqual([])
    },
  )

  it('all end where it throttles three calls of four, for ever', async () => {
    let calls = 0
    const { ended, waited } = await runThrottled(
      () => ++calls % 4 !== 0,
      () => undefined,
    )
    expect(ended.result).toEqual({ each: Array.from({ length: AGENTS }, () => 'thought') })
    for (const { milliseconds } of waited.values()) expect(milliseconds / 1_000).toBeLessThan(MOST_SECONDS)
  })
})
