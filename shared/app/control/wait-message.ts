import { OrchestratorError } from '../../domain/errors.ts'
import type { Json } from '../../domain/json.ts'
import { type MessageFilter, MessageFilterSchema } from '../../domain/message.ts'
import { shown } from '../../domain/shown.ts'
import { superseded } from '../../domain/superseded.ts'
import { withoutUndefined } from '../../domain/without-undefined.ts'
import type { StepOf } from '../../workflow/schema.ts'
import { giveTo, wakeWith } from '../messages/give-message.ts'
import { settleFailure } from '../steps/settle-failure.ts'
import { beginWait } from '../waits/waiting.ts'
import { type ControlAnswer, type Controlled, end, type Owned, over } from './controlled.ts'

const SECOND = 1_000

type MessageWait = Extract<StepOf<'wait'>['wait'], { message: unknown }>
export type WaitForMessage = Omit<StepOf<'wait'>, 'wait'> & { wait: MessageWait }

export const isForMessage = (step: StepOf<'wait'>): step is WaitForMessage => 'message' in step.wait

/** A step that waits for a message: it says what it waits for, then looks whether that has come before (message-waits/G1). */
export const waitForMessage: Controlled<WaitForMessage> = {
  template: ({ wait: { message } }) => ({ ...message }),
  inputIn: (value) => value,

  async begin(owned, value) {
    const { ports, step, own, call } = owned
    const { token } = call
    if (token === undefined)
      throw new OrchestratorError('BugError', `step "${own.path}" has no token to be woken by`)
    const until = new Date(ports.clock.now().getTime() + step.wait.timeoutSeconds * SECOND).toISOString()
    const listening = await ports.messages.listen(own, { token, filter: filterIn(value), until })
    if (!listening) throw superseded(own.path)
    const given = await giveTo(ports, listening)
    // Also what it has heard before a crash, or before its time was over.
    if (given.listener.heard) await wakeWith(ports, given)
    else await beginWait(owned, { kind: 'message', until })
    return {}
  },

  async end(owned) {
    const { ports, step, own } = owned
    // Its time is over, or it was woken: what was written first decides (message-store/S3).
    const listener = await ports.messages.hear(own.taskId, own.path, { kind: 'timeout' })
    if (listener?.heard?.kind === 'message') return endWith(owned, listener.heard.id)
    if (step.wait.onTimeout === 'continue') return endsWith(owned, { timedOut: true })
    const message = `step "${own.path}": no message came within ${step.wait.timeoutSeconds} s`
    return over((await settleFailure(owned, { name: 'MessageTimedOutError', message })).settled)
  },
}

async function endWith(owned: Owned, id: string): Promise<ControlAnswer> {
  const { ports, own } = owned
  const message = await ports.messages.findMessage(own.taskId, id)
  if (!message) throw new OrchestratorError('BugError', `message ${id} of task ${own.taskId} vanished`)
  const { type, topic, from, at, correlationId, body } = message
  const said = { timedOut: false, id, type, topic, from, at, correlationId }
  return endsWith(owned, { ...withoutUndefined(said), body: await ports.values.loadValue(body) })
}

async function endsWith(owned: Owned, output: Json): Promise<ControlAnswer> {
  const { ports, own } = owned
  return end(owned, { status: 'succeeded', output: await ports.values.storeValue(own.taskId, output) })
}

/** What it waits for. Throws InvalidInputError where an expression comes to what is none. */
function filterIn(value: Readonly<Record<string, Json>>): MessageFilter {
  const parsed = MessageFilterSchema.safeParse(value)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const field = String(issue?.path[0] ?? 'message')
  const message = `it cannot wait for a message whose ${field} is ${shown(value[field])}: ${issue?.message ?? ''}`
  throw new OrchestratorError('InvalidInputError', message)
}
