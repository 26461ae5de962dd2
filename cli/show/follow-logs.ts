/**
 * The lines of a task's log, page by page, as they come.
 *
 * Invariants (tests cite them):
 * follow-logs/F1 each line is told once, though CloudWatch has it some seconds late, and those of several functions not in order
 * follow-logs/F2 what was written until the end of the task is told, also where it comes late
 * follow-logs/F3 a search that was throttled, or not answered in time, is repeated; only one that fails again and again ends it
 */
import type { LogLineView } from '../../shared/contracts/log-views.ts'

export type Source = {
  isOpen: () => Promise<boolean>
  pages: (since: string | undefined) => AsyncIterable<{ logs: readonly LogLineView[] }>
  /** Whether the same request may succeed later. */
  mayPass: (error: unknown) => boolean
  now: () => number
  pause: (milliseconds: number) => Promise<unknown>
}
type Options = {
  since: string | undefined
  follow: boolean
  /** How long after the end of the task its lines may still come. */
  restMilliseconds: number
}

/** Lines come late, and those of several functions not in order: what was written in this time is asked for again. */
const LATE_MILLISECONDS = 15_000
/** At least; after a search that took longer, as long as that: CloudWatch allows an account a few searches a second. */
const PAUSE_MILLISECONDS = 1_000
const MOST_FAILURES = 5

export async function* followLogs(
  { isOpen, pages, mayPass, now, pause }: Source,
  { since, follow, restMilliseconds }: Options,
): AsyncGenerator<LogLineView> {
  const seen = new Set<string>()
  let from = since
  let endedAt: number | undefined
  for (let failures = 0; ; ) {
    const beganAt = now()
    try {
      // Asked before the lines: what is written until the end is among them.
      if (follow && endedAt === undefined && !(await isOpen())) endedAt = beganAt
      let last = from
      for await (const { logs } of pages(from)) {
        for (const line of logs) {
          if (!seen.has(line.id)) yield line
          seen.add(line.id)
          last = line.time
        }
      }
      from = laterOf(from, last)
      failures = 0
      if (!follow || (endedAt !== undefined && beganAt - endedAt >= restMilliseconds)) return
    } catch (error) {
      failures += 1
      if (!follow || failures >= MOST_FAILURES || !mayPass(error)) throw error
    }
    await pause(Math.max(PAUSE_MILLISECONDS, now() - beganAt))
  }
}

/** Where the next search begins: lines of this time may still come. */
function laterOf(from: string | undefined, last: string | undefined): string | undefined {
  if (last === undefined) return from
  const before = new Date(Date.parse(last) - LATE_MILLISECONDS).toISOString()
  return from === undefined || before > from ? before : from
}
