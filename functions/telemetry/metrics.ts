import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics'
import {
  type DimensionsOf,
  METRICS,
  METRICS_SERVICE,
  type MetricName,
} from '../../shared/contracts/metrics.ts'
import type { DomainEvent } from '../../shared/domain/event.ts'
import { CalibrationSchema } from '../../shared/domain/task.ts'
import type { EventBus } from '../../shared/ports/index.ts'

/** One set of metrics for each combination of dimensions: concurrent invocations would mix theirs in a shared set. */
const sets = new Map<string, Metrics>()

/** Emits one value at once. */
export function measure<Name extends MetricName>(
  name: Name,
  dimensions: DimensionsOf<Name>,
  value: number,
): void {
  const metrics = setFor(dimensions)
  metrics.addMetric(name, MetricUnit[METRICS[name].unit], value)
  metrics.publishStoredMetrics()
}

function setFor(dimensions: Record<string, string>): Metrics {
  const key = JSON.stringify(dimensions)
  const known = sets.get(key)
  if (known) return known
  const made = new Metrics({ serviceName: METRICS_SERVICE, defaultDimensions: dimensions })
  sets.set(key, made)
  return made
}

/**
 * An event bus that counts ended tasks and failed attempts. Every code path that ends or records one publishes exactly one event, so
 * each is counted once.
 */
export function countingBus(bus: EventBus): EventBus {
  return {
    ...bus,
    publish(events) {
      for (const event of events) count(event)
      return bus.publish(events)
    },
  }
}

const ENDS = ['succeeded', 'failed', 'cancelled', 'timed_out']

function count({ type, data }: DomainEvent): void {
  if (type === 'step.attempt_failed')
    measure('Attempts', { agentId: String(data.agentId), outcome: 'failed' }, 1)
  const [subject, outcome = ''] = type.split('.')
  if (subject !== 'task' || !ENDS.includes(outcome)) return
  measure('Tasks', { outcome }, 1)
  if (typeof data.durationMs === 'number') measure('TaskDuration', { outcome }, data.durationMs)
  const { data: calibration } = CalibrationSchema.safeParse(data.calibration)
  if (!calibration) return
  measure('TimeUnderP50', {}, Number(calibration.secondsUnderP50))
  measure('TimeUnderP90', {}, Number(calibration.secondsUnderP90))
  measure('CostUnderP50', {}, Number(calibration.usdUnderP50))
  measure('CostUnderP90', {}, Number(calibration.usdUnderP90))
}
