import { failureOf } from '../../domain/bounded.ts'
import type { MessageRecord } from '../../domain/message.ts'
import { isOpenTask } from '../../domain/task.ts'
import { bringMessage, type SendNeeds } from './send-message.ts'

type Needs = SendNeeds

export type SweptMessages = { found: number; failed: { id: string; error: string }[] }

/** Younger messages are skipped: whoever has sent them may still be at it. */
const GRACE_SECONDS = 30
const MOST_AT_ONCE = 500
const MOST_SECONDS = 20

/**
 * The net for messages whose sender has died between storing a message and giving it (message-waits/G4). One that fails does not stop the others, and a task with
 * many does not hold up those with few. No message is begun after `maxSeconds`: the next sweep finds it.
 */
export const sweepMessages =
  (ports: Needs) =>
  async ({
    graceSeconds = GRACE_SECONDS,
    maxSeconds = MOST_SECONDS,
  }: {
    graceSeconds?: number | undefined
    maxSeconds?: number
  } = {}): Promise<SweptMessages> => {
    const began = ports.clock.now().getTime()
    const before = new Date(began - graceSeconds * 1_000 + 1).toISOString()
    const found = await ports.messages.listUnrung({ before, limit: MOST_AT_ONCE })
    const failed: SweptMessages['failed'] = []
    for (const message of fewestFirst(found)) {
      if (ports.clock.now().getTime() - began >= maxSeconds * 1_000) break
      try {
        const task = await ports.tasks.findTask(message.taskId)
        if (task && isOpenTask(task)) await bringMessage(ports, message, true)
        else await ports.messages.parkMessage(message)
      } catch (error) {
        failed.push({ id: message.id, error: failureOf(error).message })
      }
    }
    return { found: found.length, failed }
  }

/** Those of tasks with few first, each task's in their order. */
const fewestFirst = (messages: readonly MessageRecord[]): MessageRecord[] =>
  [...Map.groupBy(messages, ({ taskId }) => taskId).values()].sort((a, b) => a.length - b.length).flat()
