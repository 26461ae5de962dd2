import { afterAll, beforeAll, expect, it } from 'vitest'
import { listMessages } from '../../../shared/app/messages/list-messages.ts'
import { sendMessage } from '../../../shared/app/messages/send-message.ts'
import { ListMessagesSchema } from '../../../shared/contracts/message-views.ts'
import { makeAgent } from '../../support/agents/make-agent.ts'
import { CALLER } from '../../support/stores/callers.ts'
import { seedTask } from '../../support/stores/seed-task.ts'
import { startStores } from '../../support/stores/start-stores.ts'

let stores: Awaited<ReturnType<typeof startStores>>
beforeAll(async () => {
  stores = await startStores()
})
afterAll(() => stores.stop())

it('a page of messages ends where its bodies fill an answer, and the next one goes on behind it', async () => {
  const { ports } = stores
  const steps = { hear: { wait: { message: {}, timeoutSeconds: 60 } } }
  const id = await seedTask(ports, { steps, agents: [makeAgent()] })
  const plan = await ports.plans.getPlan(id)
  const body = 'x'.repeat(900_000)
  for (let at = 0; at < 10; at++)
    await sendMessage(ports, plan, {
      ...{ id: `m${at}`, type: 'event' as const, from: 'caller:a', to: 'hear', body },
    })
  const pages: string[][] = []
  let cursor: string | undefined
  do {
    const asked = ListMessagesSchema.parse({ id, ...(cursor === undefined ? {} : { cursor }) })
    const page = await listMessages(ports)(asked, CALLER)
    pages.push(page.messages.map((one) => one.id))
    cursor = page.cursor
  } while (cursor !== undefined)
  expect(pages).toEqual([
    ['m0', 'm1', 'm2', 'm3'],
    ['m4', 'm5', 'm6', 'm7'],
    ['m8', 'm9'],
  ])
})
