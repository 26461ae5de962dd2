import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ASSEMBLY } from '../support/runner/synthesize-once.ts'

type Alarm = {
  AlarmName: string
  Threshold: number
  EvaluationPeriods: number
  MetricName?: string
  Namespace?: string
  Statistic?: string
  Metrics?: {
    Id: string
    Expression?: string
    MetricStat?: { Period: number; Metric: { MetricName: string } }
  }[]
}
const { Resources } = JSON.parse(
  readFileSync(join(ASSEMBLY, 'orchestrator-observability.template.json'), 'utf8'),
) as { Resources: Record<string, { Type: string; Properties: Alarm }> }
const alarmOf = (name: string): Alarm => {
  const alarms = Object.values(Resources).map(({ Properties }) => Properties)
  const found = alarms.find(({ AlarmName }) => AlarmName === `orchestrator-${name}`)
  if (!found) throw new Error(`there is no alarm ${name}`)
  return found
}

/** Evaluates an alarm's metric math, with CloudWatch's FILL and IF; a metric that is not given has no data. */
function figureOf({ Metrics = [] }: Alarm, figures: Record<string, number>): number {
  const expression = Metrics.find((metric) => metric.Expression)?.Expression ?? ''
  const names = Metrics.flatMap(({ Id, MetricStat }) => (MetricStat ? [Id] : []))
  const FILL = (value: number | undefined, otherwise: number): number => value ?? otherwise
  const IF = (condition: boolean, yes: number, no: number): number => (condition ? yes : no)
  const evaluate = new Function('FILL', 'IF', ...names, `return ${expression}`)
  return evaluate(FILL, IF, ...names.map((name) => figures[name])) as number
}
const firesAt = (alarm: Alarm, figures: Record<string, number>): boolean =>
  figureOf(alarm, figures) >= alarm.Threshold
const hoursOf = ({ Metrics = [] }: Alarm): number =>
  Math.max(...Metrics.map(({ MetricStat }) => MetricStat?.Period ?? 0)) / 3_600

describe('the alarm on failing tasks', () => {
  const slow = alarmOf('TasksFailing')
  const inOneWindow = (perDay: number): number => Math.floor((perDay / 24) * hoursOf(slow))

  it.each([100, 24, 1_000])('fires when %i tasks a day all fail', (perDay) => {
    expect(slow.EvaluationPeriods).toBe(1)
    expect(firesAt(slow, { failed: inOneWindow(perDay) })).toBe(true)
    expect(firesAt(slow, { timed_out: inOneWindow(perDay) })).toBe(true)
  })

  it('fires when one in three of 100 a day fails, not when one does now and then', () => {
    const all = inOneWindow(100)
    expect(firesAt(slow, { failed: 5, succeeded: all - 5 })).toBe(true)
    expect(firesAt(slow, { failed: 1, succeeded: all - 1 })).toBe(false)
    expect(firesAt(slow, { failed: 2 })).toBe(false)
    expect(firesAt(slow, { failed: 5, succeeded: 100 })).toBe(false)
    expect(firesAt(slow, { succeeded: 10 })).toBe(false)
  })

  it('fires within ten minutes where many fail at once', () => {
    const fast = alarmOf('TasksFailingFast')
    expect(60 * hoursOf(fast) * fast.EvaluationPeriods).toBe(10)
    expect(firesAt(fast, { failed: 20, succeeded: 60 })).toBe(true)
    expect(firesAt(fast, { failed: 4 })).toBe(false)
  })
})

describe('other alarms', () => {
  it('do not count a rebinder’s search for a free agent as an error', () => {
    const alarm = alarmOf('FunctionErrors')
    expect(firesAt(alarm, { m0: 40, without: 40 })).toBe(false)
    expect(firesAt(alarm, { m0: 45, without: 40 })).toBe(true)
    expect(firesAt(alarm, { m1: 5 })).toBe(true)
  })

  it('watch how much of the account’s concurrency is reserved or in use', () => {
    expect(alarmOf('ConcurrencyClaimed')).toMatchObject({
      Namespace: 'AWS/Lambda',
      MetricName: 'ClaimedAccountConcurrency',
      Statistic: 'Maximum',
      Threshold: 800,
    })
  })
})
