import type * as z from 'zod'
import type { ListMessagesSchema, MessageView } from '../../contracts/message-views.ts'
import type { Caller } from '../../domain/caller.ts'
import { withoutUndefined } from '../../domain/without-undefined.ts'
import type { Ports } from '../../ports/index.ts'
import { getTask } from '../views/get-task.ts'
import { messageView } from './message-view.ts'

type Needs = Pick<Ports, 'tasks' | 'messages' | 'values'>

/** A page of the messages of a task: by recipient, then by sender, each in the order in which they were sent. */
export const listMessages =
  (ports: Needs) =>
  async (
    { id, to, from, status, limit, cursor }: z.output<typeof ListMessagesSchema>,
    caller: Caller,
  ): Promise<{ messages: MessageView[]; cursor?: string }> => {
    await getTask(ports, id, caller)
    const page = await ports.messages.listMessages({ taskId: id, to, limit, cursor })
    const wanted = page.messages.filter(
      (one) => (from === undefined || one.from === from) && (status === undefined || one.status === status),
    )
    const messages = await Promise.all(wanted.map((one) => messageView(ports, one)))
    return withoutUndefined({ messages, cursor: page.cursor })
  }
