import { describe, expect, it } from 'vitest'
import { usageOfMonth } from '../../../shared/estimator/month-of-tasks.ts'

const task = {
  stateTransition: 7,
  dynamodbWriteUnit: 50,
  dynamodbGbMonth: 20_480 / 1e9,
  s3Put: 3,
  s3GbMonth: 1e-6,
  busEvent: 10,
  logGb: 1e-6,
}

describe('a month of tasks', () => {
  it('stores the data of earlier months, in the tables and in their backups', () => {
    const [first, twelfth] = [1, 12].map((month) => usageOfMonth(task, { tasks: 1_000, month }))
    expect(first?.dynamodbGbMonth).toBeCloseTo(0.5 * 1_000 * task.dynamodbGbMonth)
    expect(twelfth?.dynamodbGbMonth).toBeCloseTo(11.5 * 1_000 * task.dynamodbGbMonth)
    expect(twelfth?.dynamodbRecoveryGbMonth).toBe(twelfth?.dynamodbGbMonth)
    expect(twelfth?.s3GbMonth).toBeCloseTo(11.5 * 1_000 * task.s3GbMonth)
    expect(twelfth?.stateTransition).toBe(7_000)
    expect(twelfth?.dynamodbWriteUnit).toBe(50_000)
  })

  it('levels off when tasks expire, which costs a write for each removed item', () => {
    const months = [6, 12, 24].map((month) => usageOfMonth(task, { tasks: 1_000, month, keptDays: 30 }))
    for (const { dynamodbGbMonth, dynamodbWriteUnit, s3Put } of months) {
      expect(dynamodbGbMonth).toBeCloseTo((37 / 30) * 1_000 * task.dynamodbGbMonth)
      expect(dynamodbWriteUnit).toBeCloseTo(1_000 * (50 + 20))
      expect(s3Put).toBe(1_000 * (3 + 3 + 1))
    }
    // In the first month nothing expires yet.
    const first = usageOfMonth(task, { tasks: 1_000, month: 1, keptDays: 30 })
    expect(first.dynamodbGbMonth).toBeCloseTo(0.5 * 1_000 * task.dynamodbGbMonth)
  })

  it('pays for events that are archived, and for the archive’s size', () => {
    const [first, twelfth] = [1, 12].map((month) => usageOfMonth(task, { tasks: 1e6, month }))
    expect(twelfth?.archiveGb).toBeCloseTo(10.24)
    expect(first?.archiveGb).toBe(twelfth?.archiveGb)
    expect(first?.archiveGbMonth).toBeCloseTo(5.12)
    expect(twelfth?.archiveGbMonth).toBeCloseTo(10.24)
  })
})
