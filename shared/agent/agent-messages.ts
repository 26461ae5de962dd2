import type { Json } from '../domain/json.ts'
import type { MESSAGE_TYPES } from '../domain/message.ts'
import type { AgentContext } from './agent-context.ts'
import type { Suspension } from './suspend.ts'

export type SendOptions = {
  /** What kind of message it is; `event` by default. */
  readonly type?: (typeof MESSAGE_TYPES)[number]
  /** The exchange that it belongs to; by default that of the message that is handled, or the message's own id. */
  readonly correlationId?: string
  /** Names the message within its step or handler: sent again under its key it is the same. By default what it says, and its place among what was sent. */
  readonly key?: string
}

/** How long to wait for an answer, at most a year, and what the agent wants to be given again. */
export type AskOptions = { readonly timeoutSeconds: number; readonly state?: Json; readonly key?: string }

/** Sends messages to steps and agents of the same task. Each is stored before the call returns, once, also where an attempt is repeated. */
export type AgentMessages = {
  /**
   * To `step:<path>`, a step that waits for a message, or `agent:<id>`, an agent of the task that handles some. Throws NotFoundError for others,
   * and ConflictError where the step waits no more, or where messages have caused one another sixteen times.
   */
  send(to: string, body: Json, options?: SendOptions): Promise<{ readonly id: string }>
  /**
   * Asks somebody, and ends the turn: `return context.messages.ask('agent:seller', body, { timeoutSeconds: 60 })`. The agent is called again with
   * `context.resumed.by`: `{kind: 'message', message}`, which is the answer of whom it has asked, or `{kind: 'timeout'}`. In a step with a capability
   * that `suspends`.
   */
  ask(to: string, body: Json, options: AskOptions): Promise<Suspension>
  /** To every step that waits for the topic and every agent that names it; `everybody` is a topic of all agents that handle messages. Nobody is enough. */
  publish(topic: string, body: Json, options?: SendOptions): Promise<{ readonly recipients: number }>
}

/** A message as the handler of an agent gets it. */
export type HandledMessage<Body = unknown> = {
  readonly id: string
  readonly type: (typeof MESSAGE_TYPES)[number]
  readonly topic?: string | undefined
  readonly from: string
  readonly to: string
  readonly correlationId: string
  readonly causationId?: string | undefined
  readonly at: string
  readonly body: Body
}

/** What a handler can use while it works on a message: at most a minute, without files and language models. */
export type MessageContext<Secret extends string = string> = Pick<
  AgentContext<Secret>,
  'signal' | 'deadline' | 'log' | 'settings' | 'secret' | 'once' | 'spend'
> & {
  readonly messages: Omit<AgentMessages, 'ask'>
  readonly task: AgentContext['task'] & { readonly input: Json }
  /** How often the handler was called with this message before, and has failed or was lost. */
  readonly attempt: number
  /** Answers the sender: a message of type `response` of the same exchange. */
  reply(body: Json, options?: Pick<SendOptions, 'key'>): Promise<{ readonly id: string }>
}
