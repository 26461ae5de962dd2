import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { DomainEvent } from '../../../shared/domain/event.ts'
import { stepNotices } from '../../../shared/host/step-notices.ts'
import type { EventBus } from '../../../shared/ports/index.ts'

const busOf = (publish: EventBus['publish']) => ({ bus: { publish, deliver: async () => {} } })
const event = (type: string) => ({ type }) as DomainEvent

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('the notices of a step', () => {
  it('publish the start of a quick step together with its end', async () => {
    const publish = vi.fn(async () => {})
    const notices = stepNotices(busOf(publish))
    notices.tell(event('step.started'))
    await notices.finish([event('step.succeeded')])
    expect(publish.mock.calls).toEqual([[[event('step.started'), event('step.succeeded')]]])
    await vi.advanceTimersByTimeAsync(1_000)
    expect(publish).toHaveBeenCalledTimes(1)
  })

  it('publish the start of a slow step while it runs, and its end only after the start', async () => {
    const told: string[] = []
    const notices = stepNotices(
      busOf(async (events) => {
        if (told.length === 0) await new Promise((resolve) => setTimeout(resolve, 500))
        told.push(...events.map(({ type }) => type))
      }),
    )
    notices.tell(event('step.started'))
    await vi.advanceTimersByTimeAsync(20)
    const finished = notices.finish([event('step.succeeded')])
    await vi.advanceTimersByTimeAsync(500)
    await finished
    expect(told).toEqual(['step.started', 'step.succeeded'])
  })

  it('do not fail a step when the bus fails', async () => {
    const notices = stepNotices(
      busOf(async () => {
        throw new Error('no bus')
      }),
    )
    notices.tell(event('step.started'))
    await vi.advanceTimersByTimeAsync(20)
    await expect(notices.finish([event('step.succeeded')])).resolves.toBeUndefined()
  })
})
