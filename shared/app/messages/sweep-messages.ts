import { failureOf } from '../../domain/bounded.ts'
import { isOpenTask } from '../../domain/task.ts'
import { bringMessage, type SendNeeds } from './send-message.ts'

type Needs = SendNeeds

export type SweptMessages = { found: number; failed: { id: string; error: string }[] }

/** Younger messages are skipped: whoever has sent them may still be at it. */
const GRACE_SECONDS = 30
const MOST_AT_ONCE = 500

/** The net for messages whose sender has died between storing a message and giving it (message-waits/G4). One that fails does not stop the others. */
export const sweepMessages =
  (ports: Needs) =>
  async ({
    graceSeconds = GRACE_SECONDS,
  }: {
    graceSeconds?: number | undefined
  } = {}): Promise<SweptMessages> => {
    const before = new Date(ports.clock.now().getTime() - graceSeconds * 1_000 + 1).toISOString()
    const found = await ports.messages.listUnrung({ before, limit: MOST_AT_ONCE })
    const failed: SweptMessages['failed'] = []
    for (const message of found) {
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
