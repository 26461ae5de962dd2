import { agentMessages } from './agent-messages.ts'
import { handleMessage } from './handle-message.ts'
import type { Messaging } from './messaging.ts'

/** The messaging of a host with these ports. */
export const messagingBy = (ports: Pick<Messaging, 'messages' | 'bell'>): Messaging => ({
  ...ports,
  contextOf: (host, sender) => agentMessages({ ...host, ...ports }, sender),
  handle: handleMessage,
})
