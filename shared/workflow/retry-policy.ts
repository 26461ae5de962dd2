/**
 * How often a step calls one agent, and after which failures: `retry`.
 *
 * Invariants (tests cite them):
 * retry-policy/Y1 `maxAttempts` counts the calls of one agent for a step, however each ended: a crash counts, a refused
 *    admission does not
 * retry-policy/Y2 after a final failure the agent is not called again, whatever `maxAttempts` is; nor after a timeout,
 *    unless `on` contains it
 */
import * as z from 'zod'
import { type FailureKind, failureKind } from '../domain/failure-kinds.ts'
import type { Attempt } from '../domain/step.ts'

export const RETRIED_KINDS = ['error', 'transient', 'timeout'] as const

export const RetrySchema = z.strictObject({
  maxAttempts: z.number().int().min(1).max(20).default(3).describe('Calls of one agent, the first included'),
  intervalSeconds: z.number().int().min(1).max(3600).default(2).describe('The wait before the second call'),
  backoffRate: z.number().min(1).max(10).default(2).describe('The factor by which each wait grows'),
  maxDelaySeconds: z
    .number()
    .int()
    .min(1)
    .max(86_400)
    .default(60)
    .describe('The longest wait between two calls'),
  on: z
    .array(z.enum(RETRIED_KINDS))
    .min(1, 'name at least one of error, transient, timeout; `maxAttempts: 1` retries nothing')
    .overwrite((kinds) => [...new Set(kinds)].sort())
    .default(['error'])
    .describe(
      'After which failures: error, whatever the agent throws and crashes; transient, those that may pass; timeout, a call that took too long',
    ),
})

/** The policy of a step without `retry`. */
export const WITHOUT_RETRY: z.input<typeof RetrySchema> = { on: ['transient'] }

type Retry = Readonly<z.output<typeof RetrySchema>>
type RetriedKind = (typeof RETRIED_KINDS)[number]

/** The failures after which the policy calls the same agent again. */
export function retriedKinds(retry: Retry): readonly FailureKind[] {
  const { on = meaningsOfOldRetry(retry)[0] } = retry as Omit<Retry, 'on'> & Partial<Pick<Retry, 'on'>>
  return on.includes('error') ? [...on, 'transient'] : on
}

/**
 * What `on` a policy stored by a version without `on` may stand for, the likelier first: such versions stored all defaults, also where the
 * author wrote no `retry`.
 */
export function meaningsOfOldRetry(retry: Omit<Retry, 'on'>): [RetriedKind[], ...RetriedKind[][]] {
  const { on: _, ...standard } = RetrySchema.parse({})
  const isStandard = Object.entries(standard).every(
    ([field, value]) => retry[field as keyof typeof standard] === value,
  )
  return isStandard ? [['transient'], ['error']] : [['error']]
}

/** Whether a step may call an agent again after these attempts. */
export function mayCallAgain(retry: Retry, attempts: readonly Pick<Attempt, 'error'>[]): boolean {
  const kinds = retriedKinds(retry)
  return (
    attempts.length < retry.maxAttempts && attempts.every(({ error }) => kinds.includes(failureKind(error)))
  )
}
