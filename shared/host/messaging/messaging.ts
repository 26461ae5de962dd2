import type { AgentMessages, DefinedAgent } from '../../agent/index.ts'
import type { Bell, Messages } from '../../ports/index.ts'
import type { HostPorts, Invocation } from '../host-ports.ts'
import { agentMessages } from './agent-messages.ts'
import { handleMessage } from './handle-message.ts'

/**
 * What sends and handles messages; absent where an agent does neither, so that its function has no code for it.
 */
export type Messaging = {
  messages: Messages
  bell: Bell
  contextOf(
    ports: Pick<HostPorts, 'steps' | 'values' | 'clock' | 'ids' | 'executions' | 'mask'>,
    sender: Parameters<typeof agentMessages>[1],
  ): AgentMessages
  handle(
    ports: HostPorts & { messaging: Messaging },
  ): (agent: DefinedAgent, payload: unknown, invocation: Invocation) => Promise<{ handled: true }>
}

/** The messaging of a host with these ports. */
export const messagingBy = (ports: Pick<Messaging, 'messages' | 'bell'>): Messaging => ({
  ...ports,
  contextOf: (host, sender) => agentMessages({ ...host, ...ports }, sender),
  handle: handleMessage,
})
