import { isOrchestratorError, OrchestratorError } from '../../domain/errors.ts'
import type { StepOf } from '../../workflow/schema.ts'
import { textOf } from '../../workflow/text-parts.ts'
import { sendMessage } from '../messages/send-message.ts'
import { settleFailure } from '../steps/settle-failure.ts'
import { type Controlled, end, over } from './controlled.ts'

/** A message that nobody can get, or that is too large: the failure of the step. */
const REFUSALS = ['NotFoundError', 'ConflictError', 'ContentTooLargeError', 'TooManyRequestsError'] as const

/** A message of a step; the step ends in `begin`. A call that is repeated, also after a retry of the task, sends the same message. */
export const send: Controlled<StepOf<'send'>> = {
  template: ({ send: { to, body, correlationId } }) => ({
    to,
    body: body ?? null,
    ...(correlationId === undefined ? {} : { correlationId }),
  }),
  inputIn: (value) => value,

  async begin(owned, { to = null, body = null, correlationId }) {
    const { ports, step, own, plan } = owned
    const id = `m_${ports.ids.digest([own.taskId, own.path].join('\n')).slice(0, 32)}`
    try {
      const sent = await sendMessage(ports, plan, {
        ...{ id, type: step.send.type, from: `step:${own.path}`, to: textOf(to), body },
        correlationId: correlationId === undefined ? undefined : textOf(correlationId),
      })
      const output = await ports.values.storeValue(own.taskId, { id, recipients: sent.length })
      return await end(owned, { status: 'succeeded', output })
    } catch (thrown) {
      if (!isOrchestratorError(thrown, ...REFUSALS)) throw thrown
      const message = `step "${own.path}": ${thrown.message}`
      return over((await settleFailure(owned, { name: thrown.name, message })).settled)
    }
  },

  async end({ own }) {
    throw new OrchestratorError('BugError', `nothing ends "${own.path}": it is done when it has begun`)
  },
}
