import { describe, expect, it } from 'vitest'
import { type Callback, FinalError } from '../../../shared/agent/index.ts'
import { suspendedWorld } from '../../support/agents/suspended-world.ts'

const HOUR = 3_600
const step = { capability: 'job.run', agent: 'worker', fallback: ['second'], retry: { maxAttempts: 1 } }

describe('the callback of an agent that has lost its step', () => {
  it.each([
    ['before it has lost it', true],
    ['when another one waits', false],
  ])('answers nothing for the one that has it now: %s (callback/C5)', async (_when, isEarly) => {
    let kept: Callback | undefined
    let late: unknown
    const world = await suspendedWorld({
      turns: {
        worker: async (context, _input, { answer }) => {
          kept = await context.callback()
          if (isEarly) await answer(kept, 'of the first')
          throw new FinalError('no')
        },
        second: async (context, _input, { answer, later }) => {
          if (context.resumed) return context.resumed.by
          const callback = await context.callback()
          expect(callback.token).not.toBe(kept?.token)
          void later(10, () =>
            answer(kept as Callback, 'of the first').catch((reason: unknown) => {
              late = reason
            }),
          )
          void later(20, () => answer(callback, 'of the second'))
          return context.suspend({ until: { callback, timeoutSeconds: HOUR } })
        },
      },
    })
    const taskId = await world.submit({ build: step })
    expect(await world.ended(taskId)).toMatchObject({ status: 'succeeded' })
    expect(await world.outputOf(taskId, 'build')).toEqual({ kind: 'callback', output: 'of the second' })
    // A repeat of what came while it had the step is told so; it has no effect.
    if (isEarly) expect(late).toBeUndefined()
    else
      expect(late).toMatchObject({ name: 'ConflictError', message: expect.stringContaining('another agent') })
  })
})
