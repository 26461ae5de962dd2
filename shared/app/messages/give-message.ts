/**
 * Gives messages to the steps that wait for them.
 *
 * A message is taken for a step first, and then the step hears it: two writes, each of which may be refused, and between which the function may
 * die. What the step has heard decides: a message that is taken for a step which has heard something else is free (message-waits/G2).
 *
 * Invariants (tests cite them):
 * message-waits/G1 a step gets a message that it waits for if it was stored, whichever of them came first: each writes before it looks for the other
 * message-waits/G2 no message is lost between its two writes, and none is given to two steps
 * message-waits/G3 of the messages of one sender a step gets the first that it wants and that no other step has
 * message-waits/G4 a step that has heard a message is woken, also where whoever has given it has died: the message stays in the index until then
 * message-waits/G5 a step that waits again and again hears a message once in an execution of its task: what its agent was called with is nobody's any more. What a step
 *    waited for before gives it nothing
 */
import { executionOfFence } from '../../contracts/step-payload.ts'
import { placeOf } from '../../domain/instance-path.ts'
import type { Json } from '../../domain/json.ts'
import { isWanted, type MessageRecord, type Taker, waitNumber, waitOf } from '../../domain/message.ts'
import { withoutUndefined } from '../../domain/without-undefined.ts'
import type { Listener, Ports } from '../../ports/index.ts'
import { wakeStep } from '../suspending/wake-step.ts'

export type GiveNeeds = Pick<
  Ports,
  'messages' | 'values' | 'clock' | 'executions' | 'tasks' | 'steps' | 'suspensions'
>
type Needs = GiveNeeds

/** What a listener has heard after it was given the first message that it wants; undefined in `heard` where there is none. It is not woken yet. */
export async function giveTo(ports: Needs, listener: Listener): Promise<Given> {
  if (listener.heard) return { listener }
  const { taskId, path } = listener
  const taker = takerOf(listener)
  for (const message of await messagesFor(ports, listener)) {
    const { id } = message
    if (!(await ports.messages.takeMessage(message, taker, ports.clock.now().toISOString()))) continue
    const now = (await ports.messages.hear(taskId, path, { kind: 'message', id }, listener)) ?? listener
    if (now.heard?.kind === 'message' && now.heard.id === id) return { listener: now, taken: message }
    await ports.messages.releaseMessage(message, taker)
    // Another step may have looked while this one had it.
    await giveMessage(ports, message)
    return { listener: now }
  }
  return { listener }
}

export type Given = { listener: Listener; taken?: MessageRecord }

/** Wakes the step; only then is nothing to be done with what it has heard (message-waits/G4). */
export async function wakeWith(ports: Needs, { listener, taken }: Given): Promise<void> {
  if (listener.suspension === undefined) await ports.executions.wake(listener.token)
  else await resume(ports, listener, listener.suspension)
  if (taken) await ports.messages.parkMessage(taken)
}

/** Resumes a suspended agent with the message that its step has heard. Where something else has, the message is free again. */
async function resume(ports: Needs, listener: Listener, n: number): Promise<void> {
  const { taskId, path, heard } = listener
  if (heard?.kind !== 'message') return
  const message = await ports.messages.findMessage(taskId, heard.id)
  if (!message) return
  const { body, status: _status, sequence: _sequence, tries: _tries, ...taken } = message
  const { by: _by, takenFor: _for, heardIn: _in, ...said } = taken
  const view = { ...said, body: await ports.values.loadValue(body) }
  const stored = await ports.values.storeValue(taskId, withoutUndefined(view) as Json)
  const waking = await wakeStep(ports)({
    ...{ taskId, path, n, execution: takerOf(listener).execution, cause: heard.id },
    by: { kind: 'message', message: stored },
  })
  if (waking.kind !== 'woken') await ports.messages.releaseMessage(message, takerOf(listener))
}

/** Gives a message to the steps that wait for it: the one with the path that it is sent to, or all at this place. */
export async function giveMessage(ports: Needs, message: MessageRecord, isRepeat = false): Promise<void> {
  const to = message.to.slice(STEP.length)
  const [first = to] = to.split(/[.[]/)
  const listeners = await ports.messages.findListeners(message.taskId, first)
  for (const before of listeners) {
    if (before.path !== to && placeOf(before.path) !== to) continue
    const given = await giveTo(ports, before)
    const { heard } = given.listener
    if (heard?.kind !== 'message') continue
    if (given.taken || heard.id === message.id || isRepeat) await wakeWith(ports, given)
  }
  await ports.messages.parkMessage(message)
}

export const STEP = 'step:'

/** Bodies that are loaded together: each may have a megabyte, and thousands may wait. */
const BODIES_AT_ONCE = 20

const takerOf = ({ path, fence, suspension = 0 }: Listener): Taker => ({
  path,
  execution: executionOfFence(fence),
  suspension,
})

/** The free messages that a listener wants, in order; first of all one that was taken for it before. */
async function messagesFor(ports: Needs, listener: Listener): Promise<MessageRecord[]> {
  const { taskId, path, filter } = listener
  const boxes = [...new Set([path, placeOf(path)])]
  const open = await Promise.all(boxes.map((box) => ports.messages.openMessages(taskId, `${STEP}${box}`)))
  const { match, ...head } = filter
  // A body is loaded only where all else fits.
  const fitting = open.flat().filter((message) => isWanted(head, message, null))
  const wanted: MessageRecord[] = []
  for (let at = 0; at < fitting.length; at += BODIES_AT_ONCE) {
    const some = fitting.slice(at, at + BODIES_AT_ONCE)
    const matching = await Promise.all(
      some.map(
        async (message) =>
          match === undefined || isWanted(filter, message, await ports.values.loadValue(message.body)),
      ),
    )
    for (const [index, message] of some.entries())
      if (matching[index] && (await isFree(ports, message, listener))) wanted.push(message)
  }
  return [...wanted.filter(({ by }) => by === path), ...wanted.filter(({ by }) => by !== path)]
}

/** message-waits/G2, message-waits/G5 */
async function isFree({ messages }: Needs, message: MessageRecord, listener: Listener): Promise<boolean> {
  const { status, by, takenFor = 0, taskId, id, heardIn } = message
  const { path, execution } = takerOf(listener)
  if (heardIn !== undefined) return by === path && heardIn < execution
  if (status !== 'taken' || by === undefined || by === path) return true
  const [holder] = (await messages.findListeners(taskId, by)).filter((one) => one.path === by)
  if (!holder || (holder.heard?.kind === 'message' && holder.heard.id === id)) return false
  // Where it waits for something else now, it has not been called with this one.
  const isOver = waitNumber(takerOf(holder)) > takenFor
  if (!holder.heard && !isOver) return false
  await messages.releaseMessage(message, { path: by, ...waitOf(takenFor) })
  return true
}
