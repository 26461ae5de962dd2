import type { SubmitTask } from '../../contracts/requests.ts'
import type { Caller } from '../../domain/caller.ts'
import { OrchestratorError } from '../../domain/errors.ts'
import { canonicalJson, type Json } from '../../domain/json.ts'
import { secondsUntil } from '../../domain/times.ts'
import { withoutUndefined } from '../../domain/without-undefined.ts'
import type { Plan, Ports } from '../../ports/index.ts'

/** The part that all requests for a new task share. */
type Keyed = { idempotencyKey?: string | undefined }
type Limiting = Pick<SubmitTask, 'budgetUsd' | 'budgetTokens' | 'deadline' | 'deadlineSeconds'>
type Limits = Pick<Plan, 'budget' | 'deadline'>

/** The limits of a request. Throws InvalidInputError for a deadline that has passed. */
export function limitsOf({ clock }: Pick<Ports, 'clock'>, request: Limiting): Limits {
  const { budgetUsd, budgetTokens, deadline: until, deadlineSeconds } = request
  const now = clock.now()
  const ends = until ?? (deadlineSeconds && new Date(now.getTime() + deadlineSeconds * 1_000))
  const deadline = ends && new Date(ends).toISOString()
  if (deadline && secondsUntil(deadline, now) <= 0) {
    const message = `the deadline, ${deadline}, has passed; it is ${now.toISOString()}`
    throw new OrchestratorError('InvalidInputError', message, { deadline })
  }
  const budget = withoutUndefined({ usd: budgetUsd, tokens: budgetTokens })
  return { ...(Object.keys(budget).length > 0 ? { budget } : {}), ...(deadline ? { deadline } : {}) }
}

/** The remaining budget and time when the task starts. */
export const leftOf = ({ clock }: Pick<Ports, 'clock'>, { budget, deadline }: Limits) => ({
  usd: budget?.usd,
  tokens: budget?.tokens,
  seconds: deadline === undefined ? undefined : secondsUntil(deadline, clock.now()),
})

/** The digest of a request, to detect a different request with the same Idempotency-Key. */
export function digestOf({ ids }: Pick<Ports, 'ids'>, request: Keyed & object): string {
  const { idempotencyKey: _key, ...asked } = request
  return ids.digest(canonicalJson(asked as Json))
}

/** With an idempotency key the id is a hash of tenant and key, so that a repeat finds the first task (submit/S2). */
export function taskIdOf({ ids }: Pick<Ports, 'ids'>, { idempotencyKey }: Keyed, { tenant }: Caller): string {
  return idempotencyKey === undefined
    ? ids.makeId('t')
    : `t_${ids.digest(`${tenant}\n${idempotencyKey}`).slice(0, 26)}`
}

/** Throws ConflictError where an Idempotency-Key is that of a task that was deleted: a late repeat of its request must not bring it back (deletion/D3). */
export async function refuseDeleted(
  { tasks }: Pick<Ports, 'tasks'>,
  { idempotencyKey }: Keyed,
  taskId: string,
): Promise<void> {
  if (idempotencyKey === undefined || !(await tasks.isDeleted(taskId))) return
  const message = `this Idempotency-Key was used for task ${taskId}, which is deleted; use a new key for a new request`
  throw new OrchestratorError('ConflictError', message, { taskId })
}
