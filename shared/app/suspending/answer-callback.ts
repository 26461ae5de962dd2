import type { AnswerCallback, CallbackAnswered } from '../../contracts/callback-requests.ts'
import { sameDigest } from '../../domain/api-key.ts'
import { callbackCause, partsOfCallback, type StoredCallback } from '../../domain/callback.ts'
import { OrchestratorError } from '../../domain/errors.ts'
import { canonicalJson } from '../../domain/json.ts'
import { MOST_CALLBACK_BYTES, type Woken } from '../../domain/suspension.ts'
import { runKey } from '../../domain/task.ts'
import type { Ports } from '../../ports/index.ts'
import { wakeStep, whyGone } from './wake-step.ts'

type Needs = Pick<
  Ports,
  'callbacks' | 'suspensions' | 'executions' | 'tasks' | 'steps' | 'values' | 'ids' | 'clock'
>

/**
 * Answers a suspended step by the token of its callback, once (callback/C2, callback/C3). Throws NotFoundError for what is no token, InvalidInputError for an
 * output of more than 256 KB, and ConflictError, which says what has happened, where the step no longer waits for it.
 */
export const answerCallback =
  (ports: Needs) =>
  async ({ token, output, error }: AnswerCallback): Promise<CallbackAnswered> => {
    const callback = await findCallback(ports, token)
    const { taskId, execution, path, agentId, n } = callback
    const answer = error ? { error } : { output: output ?? null }
    const text = canonicalJson(answer)
    const bytes = new TextEncoder().encode(text).length
    if (bytes > MOST_CALLBACK_BYTES) {
      const message = `output: the answer has ${bytes} bytes of JSON; the most is ${MOST_CALLBACK_BYTES}: upload it as a file, and answer with its name`
      throw new OrchestratorError('InvalidInputError', message)
    }
    // Looked up before anything is stored for a task that has ended.
    const reason = await whyGone(ports, callback)
    const { woken } = reason === undefined ? {} : await ports.suspensions.findWoken(placeOf(callback))
    if (reason !== undefined && woken?.n !== n) throw over(callback, reason)
    const by =
      'error' in answer
        ? { kind: 'callback' as const, error: answer.error }
        : { kind: 'callback' as const, output: await ports.values.storeValue(taskId, answer.output) }
    const cause = callbackCause(agentId, ports.ids.digest(text))
    const waking = await wakeStep(ports)({ taskId, execution, path, agentId, n, by, cause })
    if (waking.kind === 'woken') return { taskId, stepId: path, accepted: true }
    throw over(callback, waking.kind === 'gone' ? waking.reason : describeWoken(callback, waking.woken))
  }

/** Notes that an outside job lives. Throws NotFoundError, and ConflictError where the step no longer waits for it. */
export const hearCallback =
  (ports: Omit<Needs, 'values'>) =>
  async ({ token }: { token: string }): Promise<CallbackAnswered> => {
    const callback = await findCallback(ports, token)
    const { taskId, path, n } = callback
    const reason = await whyGone(ports, callback)
    if (reason !== undefined) throw over(callback, reason)
    const heard = await ports.suspensions.hear(placeOf(callback), n, ports.clock.now().toISOString())
    if (!heard) {
      const { woken } = await ports.suspensions.findWoken(placeOf(callback))
      throw over(callback, woken ? describeWoken(callback, woken) : 'it waits no more')
    }
    if (heard.token !== undefined) await ports.executions.beat(heard.token)
    return { taskId, stepId: path, accepted: true }
  }

/** The same answer for every reason, so that nobody learns which part of a token is right. */
async function findCallback(
  { callbacks, ids }: Pick<Needs, 'callbacks' | 'ids'>,
  token: string,
): Promise<StoredCallback> {
  const parts = partsOfCallback(token)
  const callback = parts && (await callbacks.findCallback(parts))
  if (parts && callback && sameDigest(callback.digest, ids.digest(parts.secret))) return callback
  throw new OrchestratorError(
    'NotFoundError',
    'there is no such callback: its token must be used as it was given',
  )
}

const placeOf = ({ taskId, execution, path }: StoredCallback) => ({
  runKey: runKey({ taskId, execution }),
  path,
})

function describeWoken({ path, n }: StoredCallback, { n: at, by, at: time }: Woken): string {
  if (at !== n) return `step "${path}" has gone on since`
  const why =
    by.kind === 'callback'
      ? 'another answer came first'
      : by.kind === 'timeout'
        ? 'its time was over'
        : `it was resumed by ${by.kind}`
  return `step "${path}" was resumed at ${time}: ${why}`
}

function over({ taskId, path }: StoredCallback, reason: string): OrchestratorError {
  return new OrchestratorError('ConflictError', `this callback has no effect: ${reason}`, {
    taskId,
    stepId: path,
  })
}
