import type { Message, MessageFilter, MessageRecord, Taker } from '../domain/message.ts'
import type { Ownership } from './steps.ts'

/** What a waiting step has got: a message, or nothing until its time was over. */
export type Heard = { kind: 'message'; id: string } | { kind: 'timeout' }

/** Where a message is stored. */
export type MessagePlace = Pick<MessageRecord, 'taskId' | 'id' | 'to' | 'from' | 'sequence'>

/** What has become of a message to an agent. */
export type SettledMessage = Pick<MessageRecord, 'error' | 'costUsd' | 'tokens'> & {
  status: 'handled' | 'set_aside'
  settledAt: string
}

/** A step that waits for a message, or has waited for one. */
export type Listener = {
  taskId: string
  path: string
  fence: string
  /** Wakes the state of the step; empty for a step whose agent is suspended, which is woken by the number of its suspension. */
  token: string
  suspension?: number | undefined
  filter: MessageFilter
  until: string
  heard?: Heard | undefined
}

/**
 * Messages of a task, and the steps that wait for them. Every write is one conditional write of one item.
 *
 * Invariants (tests cite them):
 * message-store/S1 a message is stored once, however often it is sent under its id, also by senders that know nothing of each other
 * message-store/S2 those from one sender to one recipient are numbered without a gap: what was stored when another began to be has a lower number
 * message-store/S3 a step hears one thing: the first message that was given to it, or that its time was over
 * message-store/S4 a message is in the hands of one step at most
 */
export type Messages = {
  /**
   * Stores a message under its id, behind those from its sender to its recipient. `isNew` is false where it was stored before: the stored
   * one stays, whatever this one says. Throws TooManyRequestsError where its sender has sent too many.
   */
  storeMessage(message: Message): Promise<{ record: MessageRecord; isNew: boolean }>
  findMessage(taskId: string, id: string): Promise<MessageRecord | undefined>
  /** The same by its place, with one read. */
  readMessage(at: MessagePlace): Promise<MessageRecord | undefined>
  /** By recipient, then by sender, then in the order in which they were sent. */
  listMessages(query: {
    taskId: string
    to?: string | undefined
    limit: number
    cursor?: string | undefined
  }): Promise<{ messages: MessageRecord[]; cursor?: string | undefined }>
  /** Those to a recipient that no step has and no agent has handled, and those that a step has; in the same order. */
  openMessages(taskId: string, to: string): Promise<MessageRecord[]>
  /** Gives a message to a step. False where another has it, or had it, or where its agent was called with it in this execution (`noteHeard`). */
  takeMessage(message: MessageRecord, taker: Taker, at: string): Promise<boolean>
  /** Takes a message away from a step that has heard something else, where it was taken for this wait. */
  releaseMessage(message: MessageRecord, taker: Taker): Promise<void>
  /** The agent of the step that has a message is called again with it: in this execution no later suspension of the step hears it. */
  noteHeard(message: MessageRecord, execution: number): Promise<void>
  /** The message before it from the same sender to the same recipient; undefined for the first. */
  findBefore(message: MessageRecord): Promise<MessageRecord | undefined>
  /** An agent is to be called with it: the message with one more try, by whose number later writes know it. Undefined where nothing is to be done with it any more. */
  beginTry(message: MessageRecord): Promise<MessageRecord | undefined>
  /** An agent has handled it, or it is given up. False where another try has begun since, or it was settled before. */
  settleMessage(message: MessageRecord, end: SettledMessage): Promise<boolean>
  /** Nothing is to be done with a message any more, or not until its recipient asks for it. */
  parkMessage(message: MessageRecord): Promise<void>
  /** Messages that were stored before `before`, and with which something is to be done. */
  listUnrung(query: { before: string; limit: number }): Promise<MessageRecord[]>
  /**
   * A step begins to wait, or waits again under a new token. In one suspension of one execution it keeps the message that it has heard; a time that was over counts no
   * more for a later run. Undefined where a later invocation has the step.
   */
  listen(
    own: Ownership,
    listener: Pick<Listener, 'token' | 'suspension' | 'filter' | 'until'>,
  ): Promise<Listener | undefined>
  /**
   * Records the first thing that a step hears, and returns what it has heard. `of`: only if it is still in this wait, and not in a later suspension or execution.
   * Undefined where it has never waited.
   */
  hear(
    taskId: string,
    path: string,
    heard: Heard,
    of?: Pick<Listener, 'fence' | 'suspension'>,
  ): Promise<Listener | undefined>
  /** Steps of a task that wait or have waited, those whose paths begin so. */
  findListeners(taskId: string, beginning: string): Promise<Listener[]>
}

/** Tells the deliverer that a message to an agent is there. Twice is as once; where it fails, the sweep tells it. */
export type Bell = {
  ring(message: MessagePlace): Promise<void>
}

/** A call of the function of an agent with a message. */
export type HandlerCall = {
  message: MessagePlace & { execution: number; try: number }
}
/** What the function has answered, or why it has not; `isFinal`: no other call would do better. */
export type HandlerAnswer = { handled: true } | { error: { name: string; message: string }; isFinal: boolean }

/** Calls the functions of agents with messages. */
export type Handlers = {
  callHandler(functionArn: string, call: HandlerCall): Promise<HandlerAnswer>
}
