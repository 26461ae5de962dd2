import { MessageSchema } from '../../domain/message.ts'
import { agentMessages } from './agent-messages.ts'
import { handleMessage } from './handle-message.ts'
import { listenSuspended } from './listen-suspended.ts'
import type { Messaging } from './messaging.ts'

const HeardSchema = MessageSchema.pick({ taskId: true, id: true })

/** The messaging of a host with these ports. */
export const messagingBy = (ports: Pick<Messaging, 'messages' | 'bell' | 'suspensions'>): Messaging => ({
  ...ports,
  contextOf: (host, sender) => agentMessages({ ...host, ...ports }, sender),
  listen: (host, call) => listenSuspended({ ...host, ...ports }, call),
  async noteHeard(heard, { execution }) {
    const { taskId, id } = HeardSchema.parse(heard)
    const message = await ports.messages.findMessage(taskId, id)
    if (message) await ports.messages.noteHeard(message, execution)
  },
  handle: handleMessage,
})
