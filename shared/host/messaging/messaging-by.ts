import { agentMessages } from './agent-messages.ts'
import { handleMessage } from './handle-message.ts'
import { listenSuspended } from './listen-suspended.ts'
import type { Messaging } from './messaging.ts'

/** The messaging of a host with these ports. */
export const messagingBy = (ports: Pick<Messaging, 'messages' | 'bell' | 'suspensions'>): Messaging => ({
  ...ports,
  contextOf: (host, sender) => agentMessages({ ...host, ...ports }, sender),
  listen: (host, call) => listenSuspended({ ...host, ...ports }, call),
  handle: handleMessage,
})
