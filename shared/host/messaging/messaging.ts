import type { AgentMessages, DefinedAgent } from '../../agent/index.ts'
import type { Json } from '../../domain/json.ts'
import type { Message } from '../../domain/message.ts'
import type { Suspended } from '../../domain/suspension.ts'
import type { Bell, Messages, Ownership, Plan, Suspensions } from '../../ports/index.ts'
import type { HostPorts, Invocation } from '../host-ports.ts'

/** Who sends messages, and in whose name. */
export type Sender = {
  plan: Plan
  /** `step:<path>` or `agent:<id>`. */
  from: string
  /** The turn of a step, or the message that is handled: what is sent in another one is another message. */
  turn: string
  signal: AbortSignal
  cause?: Pick<Message, 'id' | 'correlationId' | 'hops'> | undefined
}

/** What sends and handles messages; absent where an agent does neither, so that its function has no code for it. */
export type Messaging = {
  messages: Messages
  bell: Bell
  suspensions: Suspensions
  contextOf(
    ports: Pick<HostPorts, 'tasks' | 'steps' | 'values' | 'clock' | 'ids' | 'executions' | 'mask'>,
    sender: Sender,
  ): AgentMessages
  /** Gives a suspended step the message that it waits for, where that has come before. */
  listen(
    ports: Pick<HostPorts, 'tasks' | 'steps' | 'values' | 'clock' | 'executions'>,
    call: { own: Ownership; suspended: Suspended },
  ): Promise<void>
  /** Says that the agent of a suspended step is called again with a message (message-waits/G5). */
  noteHeard(message: Json, suspended: Pick<Suspended, 'execution'>): Promise<void>
  handle(
    ports: HostPorts & { messaging: Messaging },
  ): (agent: DefinedAgent, payload: unknown, invocation: Invocation) => Promise<{ handled: true }>
}
