/**
 * Brings messages to the agents that handle them. A queue tells of each; what is stored decides.
 *
 * Invariants (tests cite them):
 * delivery/L1 messages from one sender to one agent are handled in the order in which they were sent: before one, those before it that are not
 *    settled
 * delivery/L2 a message that was handled, or given up, is not handled again: each call has a number, and only the latest one may say that it has
 *    handled the message
 * delivery/L3 a message that its agent fails to handle again and again, or whose call is lost each time, is set aside, which is an event; those behind
 *    it go on
 * delivery/L4 effects that go through `context.once` are performed once for a message, however often its handler is called
 */
import { OrchestratorError } from '../../domain/errors.ts'
import { makeEvent } from '../../domain/event.ts'
import { addressOf, type MessageRecord, MOST_HANDLINGS } from '../../domain/message.ts'
import { isOpenTask } from '../../domain/task.ts'
import { platformTimer, type Timer } from '../../domain/timer.ts'
import type { HandlerAnswer, MessagePlace, Plan, Ports } from '../../ports/index.ts'
import { type GiveNeeds, giveMessage } from './give-message.ts'

type Needs = GiveNeeds & Pick<Ports, 'plans' | 'handlers' | 'bus'> & { timer?: Timer }

/** Seconds before the next call of a handler that has failed, by the number of its failures. */
const WAIT_SECONDS = [0.2, 1, 3]

/** Throws the errors of the ports: then nothing is known, and the message is brought again. */
export const deliverMessage =
  (ports: Needs) =>
  async (at: MessagePlace): Promise<void> => {
    const { taskId } = at
    const message = await ports.messages.readMessage(at)
    if (message?.status !== 'sent') return
    if (addressOf(message.to)?.kind === 'step') return giveMessage(ports, message, true)
    const lane = [message]
    // delivery/L1
    for (;;) {
      const before = await ports.messages.findBefore(lane[0] as MessageRecord)
      if (before?.status !== 'sent') break
      lane.unshift(before)
    }
    const task = await ports.tasks.findTask(taskId)
    const plan = task && isOpenTask(task) ? await ports.plans.getPlan(taskId, task.execution) : undefined
    for (const one of lane) await (plan ? bring(ports, plan, one) : endWithTask(ports, one, task?.status))
  }

/** Calls the agent until the message is settled. */
async function bring(ports: Needs, plan: Plan, message: MessageRecord): Promise<void> {
  const functionArn = functionOf(plan, message.to)
  let failure = message.error ?? { name: 'AgentFailedError', message: 'its calls have ended without a word' }
  for (;;) {
    const trying = await ports.messages.beginTry(message)
    // Another invocation has settled it.
    if (!trying) return
    // delivery/L3
    if (trying.tries > MOST_HANDLINGS || functionArn === undefined)
      return setAside(ports, plan, trying, failure)
    const answer = await callAgent(ports, plan, functionArn, trying)
    if ('handled' in answer) return
    failure = answer.error
    if (answer.isFinal) return setAside(ports, plan, trying, failure)
    await pause(ports, WAIT_SECONDS[trying.tries - 1] ?? 0)
  }
}

function callAgent(
  { handlers }: Needs,
  { execution = 1 }: Plan,
  functionArn: string,
  { taskId, id, to, from, sequence, tries }: MessageRecord,
): Promise<HandlerAnswer> {
  const at = { taskId, id, to, from, sequence }
  return handlers.callHandler(functionArn, { message: { ...at, execution, try: tries } })
}

/** The function that the plan has bound for the agent. */
const functionOf = ({ bindings }: Pick<Plan, 'bindings'>, to: string): string | undefined =>
  Object.values(bindings).find(({ agentId, topics }) => topics && `agent:${agentId}` === to)?.functionArn

async function setAside(
  { messages, bus, clock }: Needs,
  { taskId, tenant }: Plan,
  message: MessageRecord,
  error: { name: string; message: string },
): Promise<void> {
  const at = clock.now().toISOString()
  if (!(await messages.settleMessage(message, { status: 'set_aside', settledAt: at, error }))) return
  const { id, from, to, type } = message
  const data = { messageId: id, from, to, type, error }
  await bus.publish([
    makeEvent({ of: { taskId, tenant }, type: 'message.set_aside', key: id, time: at, data }),
  ])
}

/** A message to an agent of a task that has ended. */
async function endWithTask(
  { messages, clock }: Needs,
  message: MessageRecord,
  status = 'gone',
): Promise<void> {
  const trying = await messages.beginTry(message)
  const error = { name: 'ConflictError', message: `task ${message.taskId} is ${status}` }
  const settledAt = clock.now().toISOString()
  if (trying) await messages.settleMessage(trying, { status: 'set_aside', settledAt, error })
}

async function pause({ timer = platformTimer }: Needs, seconds: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  timer(seconds * 1_000, resolve)
  await promise
}

/** Which messages of a batch are to be brought again, after as much of it was done as there was time for. */
export async function deliverBatch<Record_ extends { group: string }>(
  deliver: (record: Record_) => Promise<void>,
  records: readonly Record_[],
  { hasTime, onFailed }: { hasTime(): boolean; onFailed(record: Record_, error: unknown): void },
): Promise<Record_[]> {
  const groups = Map.groupBy(records, ({ group }) => group)
  const left = await Promise.all(
    [...groups.values()].map(async (group) => {
      for (const [at, record] of group.entries()) {
        try {
          if (!hasTime()) throw new OrchestratorError('UnavailableError', 'no time is left for it')
          await deliver(record)
        } catch (error) {
          onFailed(record, error)
          // Those behind it wait for it.
          return group.slice(at)
        }
      }
      return []
    }),
  )
  return left.flat()
}
