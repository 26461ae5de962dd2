/** What a month of tasks uses, with what is kept of those of the months before. */
import { REST_OUTLIVES_DAYS } from '../domain/retention.ts'
import { times, type Usage } from './monthly-cost.ts'

const [GB, KB] = [1e9, 1_024]
const DAYS = 30

/** What is assumed of what is kept. */
export const KEPT = {
  /** Of an event in the archive. */
  eventBytes: 1_024,
  archiveDays: 30,
  logDays: 30,
  /** Logs are kept compressed. */
  logShare: 0.15,
  /** Versions of objects that have been removed. */
  versionDays: 30,
} as const

type Month = {
  /** Tasks in a month; as many in each month before. */
  tasks: number
  /** From 1: since the first task. */
  month: number
  /** How long tasks and uploads are kept after their end; for good where it is not said. */
  keptDays?: number | undefined
}

/** `task` is what one uses; its gigabytes are what it leaves behind. */
export function usageOfMonth(task: Usage, { tasks, month, keptDays }: Month): Usage {
  const {
    dynamodbGbMonth = 0,
    s3GbMonth = 0,
    busEvent = 0,
    logGb = 0,
    dynamodbWriteUnit = 0,
    s3Put = 0,
  } = task
  // In the middle of the month.
  const months = (days: number): number => Math.min(month - 0.5, days / DAYS)
  const expires = keptDays !== undefined
  const kept = expires ? months(keptDays + REST_OUTLIVES_DAYS) : month - 0.5
  const versions = expires ? months(keptDays + REST_OUTLIVES_DAYS + KEPT.versionDays) : kept
  const archived = (busEvent * KEPT.eventBytes) / GB
  return times(
    {
      ...task,
      // An item is written once more to say when it goes, a value is tagged, and they are looked for.
      dynamodbWriteUnit: dynamodbWriteUnit + (expires ? (dynamodbGbMonth * GB) / KB : 0),
      s3Put: s3Put + (expires ? s3Put + 1 : 0),
      dynamodbGbMonth: dynamodbGbMonth * kept,
      dynamodbRecoveryGbMonth: dynamodbGbMonth * kept,
      s3GbMonth: s3GbMonth * versions,
      archiveGb: archived,
      archiveGbMonth: archived * months(KEPT.archiveDays),
      logGbMonth: logGb * KEPT.logShare * months(KEPT.logDays),
    },
    tasks,
  )
}
