import { REST_OUTLIVES_DAYS } from '../../../../shared/domain/retention.ts'

/** The expiry times (seconds since 1970) of a task's item and of its other items. */
export type Expiry = { task: number; rest: number }

const SECONDS_OF_DAY = 86_400

/** The expiry of a task that is kept for some days after its end. */
export function expiryAfter(endedAt: string, days: number): Expiry {
  const task = Math.ceil(Date.parse(endedAt) / 1_000) + days * SECONDS_OF_DAY
  return { task, rest: task + REST_OUTLIVES_DAYS * SECONDS_OF_DAY }
}
