import type { HostPorts } from '../../../shared/host/host-ports.ts'
import { messagingBy } from '../../../shared/host/messaging/messaging-by.ts'
import { suspensions } from '../suspending/suspend-ports.ts'
import { bell, messages } from './message-ports.ts'

/** The ports of an agent that sends or handles messages, besides those of every agent. */
export const messagingPorts = (): Required<Pick<HostPorts, 'messaging'>> => ({
  messaging: messagingBy({ messages: messages(), bell: bell(), suspensions: suspensions() }),
})
