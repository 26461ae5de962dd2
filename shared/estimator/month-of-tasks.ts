/** The usage of a month of tasks, including storage of earlier months' tasks. */
import { REST_OUTLIVES_DAYS } from '../domain/retention.ts'
import { times, type Usage } from './monthly-cost.ts'

const [GB, KB] = [1e9, 1_024]
const DAYS = 30

/** Assumptions about stored data. */
export const KEPT = {
  /** The size of an event in the archive. */
  eventBytes: 1_024,
  archiveDays: 30,
  logDays: 30,
  /** The compression ratio of stored logs. */
  logShare: 0.15,
  /** How long S3 keeps versions of deleted objects. */
  versionDays: 30,
} as const

type Month = {
  /** Tasks in each month. */
  tasks: number
  /** Months since the first task, from 1. */
  month: number
  /** The retention of tasks and uploads after their end; unlimited when absent. */
  keptDays?: number | undefined
}

/** `task` is the usage of one task; its gigabytes are the data it leaves behind. */
export function usageOfMonth(task: Usage, { tasks, month, keptDays }: Month): Usage {
  const {
    dynamodbGbMonth = 0,
    s3GbMonth = 0,
    busEvent = 0,
    logGb = 0,
    dynamodbWriteUnit = 0,
    s3Put = 0,
  } = task
  // On average a task ends in the middle of the month.
  const months = (days: number): number => Math.min(month - 0.5, days / DAYS)
  const expires = keptDays !== undefined
  const kept = expires ? months(keptDays + REST_OUTLIVES_DAYS) : month - 0.5
  const versions = expires ? months(keptDays + REST_OUTLIVES_DAYS + KEPT.versionDays) : kept
  const archived = (busEvent * KEPT.eventBytes) / GB
  return times(
    {
      ...task,
      // Expiry costs another write of each item, a tag for each stored value, and the queries that find them.
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
