import type * as z from 'zod'
import type { ListMessagesSchema, MessageView } from '../../contracts/message-views.ts'
import type { Caller } from '../../domain/caller.ts'
import type { MessageRecord } from '../../domain/message.ts'
import type { StoredValue } from '../../domain/step.ts'
import { withoutUndefined } from '../../domain/without-undefined.ts'
import type { Ports } from '../../ports/index.ts'
import { getTask } from '../views/get-task.ts'
import { messageView } from './message-view.ts'

type Needs = Pick<Ports, 'tasks' | 'messages' | 'values'>

/** The most bytes of bodies in one answer; the first message is always there. */
const MOST_BYTES = 4 * 1024 * 1024

/**
 * A page of the messages of a task: by recipient, then by sender, each in the order in which they were sent. It ends where its bodies are as many as an answer
 * takes.
 */
export const listMessages =
  (ports: Needs) =>
  async (
    { id, to, from, status, limit, cursor }: z.output<typeof ListMessagesSchema>,
    caller: Caller,
  ): Promise<{ messages: MessageView[]; cursor?: string }> => {
    await getTask(ports, id, caller)
    const list = (most: number) => ports.messages.listMessages({ taskId: id, to, limit: most, cursor })
    const isAsked = (one: MessageRecord): boolean =>
      (from === undefined || one.from === from) && (status === undefined || one.status === status)
    const whole = await list(limit)
    let left = MOST_BYTES
    const fitting = whole.messages.findIndex((one, at) => {
      if (isAsked(one)) left -= bytesOf(one.body)
      return at > 0 && left < 0
    })
    // Asked again, for the cursor behind the last one that fits.
    const page = fitting === -1 ? whole : await list(fitting)
    const wanted = page.messages.filter(isAsked)
    const messages = await Promise.all(wanted.map((one) => messageView(ports, one)))
    return withoutUndefined({ messages, cursor: page.cursor })
  }

const bytesOf = (value: StoredValue): number => ('bytes' in value ? value.bytes : value.inline.length)
