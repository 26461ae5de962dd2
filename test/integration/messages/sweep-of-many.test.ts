import { afterAll, beforeAll, expect, it } from 'vitest'
import { sendMessage } from '../../../shared/app/messages/send-message.ts'
import { sweepMessages } from '../../../shared/app/messages/sweep-messages.ts'
import { makeAgent } from '../../support/agents/make-agent.ts'
import { seedTask } from '../../support/stores/seed-task.ts'
import { startStores } from '../../support/stores/start-stores.ts'

let stores: Awaited<ReturnType<typeof startStores>>
beforeAll(async () => {
  stores = await startStores()
})
afterAll(() => stores.stop())

const stored = async (count: number) => {
  const { ports } = stores
  const steps = { hear: { wait: { message: { match: { never: true } }, timeoutSeconds: 60 } } }
  const taskId = await seedTask(ports, { steps, agents: [makeAgent()] })
  const plan = await ports.plans.getPlan(taskId)
  const sent = []
  for (let at = 0; at < count; at++)
    sent.push(
      await sendMessage(ports, plan, {
        ...{ id: `m${at}`, type: 'event' as const, from: 'caller:a', to: 'hear', body: at },
      }),
    )
  return sent.flat()
}

it('a task with many messages neither holds up another one nor the sweep (message-waits/G4)', async () => {
  const { ports } = stores
  const many = await stored(5)
  const few = await stored(1)
  const looked: string[] = []
  let now = Date.parse('2026-01-01T00:00:00Z')
  const swept = await sweepMessages({
    ...ports,
    clock: { ...ports.clock, now: () => new Date(now) },
    messages: { ...ports.messages, listUnrung: async () => [...many, ...few] },
    tasks: {
      ...ports.tasks,
      // Each message takes ten seconds.
      findTask: (taskId) => {
        looked.push(taskId)
        now += 10_000
        return ports.tasks.findTask(taskId)
      },
    },
  })()
  expect(looked).toEqual([few[0]?.taskId, many[0]?.taskId])
  expect(swept).toMatchObject({ found: 6, failed: [] })
})
