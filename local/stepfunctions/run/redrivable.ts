import type { ExecutionRow } from '../store/execution-store.ts'
import { REDRIVABLE } from './runner.ts'

/** AWS redrives an execution within two weeks of its end. */
const REDRIVABLE_MILLISECONDS = 14 * 86_400_000

/** Why an execution cannot be redriven now; undefined when it can. */
export function whyNotRedrivable(
  { status, stoppedAt, mapRunArn }: ExecutionRow,
  now: number,
): string | undefined {
  if (!REDRIVABLE.includes(status)) {
    return `Execution is ${status} and cannot be redriven: only executions that failed, were stopped or timed out can be`
  }
  if (mapRunArn !== undefined)
    return 'Execution belongs to a Map Run: redrive the execution that runs the Map'
  const isOld = now - (stoppedAt ?? now) > REDRIVABLE_MILLISECONDS
  return isOld ? 'Execution ended more than 14 days ago' : undefined
}
