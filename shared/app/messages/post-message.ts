import type { MessageView, PostMessage } from '../../contracts/message-views.ts'
import { type Caller, namesOf } from '../../domain/caller.ts'
import { OrchestratorError } from '../../domain/errors.ts'
import { isOpenTask } from '../../domain/task.ts'
import type { Ports } from '../../ports/index.ts'
import { getTask } from '../views/get-task.ts'
import { messageView } from './message-view.ts'
import { type SendNeeds, sendMessage } from './send-message.ts'

type Needs = SendNeeds & Pick<Ports, 'plans' | 'ids'>

const MOST_NAME = 200

/** A message from outside to a task that runs (a signal). Throws NotFoundError, ConflictError, InvalidInputError, ContentTooLargeError. */
export const postMessage =
  (ports: Needs) =>
  async (
    { id, to, topic, type, body, correlationId, idempotencyKey }: PostMessage,
    caller: Caller,
  ): Promise<{ messages: MessageView[] }> => {
    const task = await getTask(ports, id, caller)
    if (!isOpenTask(task)) {
      const message = `task ${id} has ended (${task.status}): nobody in it waits for a message any more`
      throw new OrchestratorError('ConflictError', message, { taskId: id, status: task.status })
    }
    const plan = await ports.plans.getPlan(id, task.execution)
    const from = senderOf(caller)
    const messageId =
      idempotencyKey === undefined
        ? ports.ids.makeId('m')
        : `m_${ports.ids.digest([from, idempotencyKey].join('\n')).slice(0, 32)}`
    const sent = await sendMessage(ports, plan, {
      ...{ id: messageId, type, from, body, correlationId },
      to: topic === undefined ? (to ?? '') : `topic:${topic}`,
    })
    return { messages: await Promise.all(sent.map((one) => messageView(ports, one))) }
  }

/** A subject that would be the name of another kind of caller is none of its own: it is told with what it is. */
function senderOf(caller: Caller): string {
  const [name = `oidc/${caller.issuer}#${caller.subject}`] = namesOf(caller)
  return `caller:${name.slice(0, MOST_NAME)}`
}
