import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics'

const metrics = new Metrics()

/** One attempt's outcome and duration, by agent, as an embedded metric. */
export function recordAttempt({
  agentId,
  outcome,
  durationMs,
}: {
  agentId: string
  outcome: string
  durationMs: number
}): void {
  // A metric of its own each: dimensions of the shared set would leak between invocations that overlap.
  metrics.singleMetric().addDimensions({ agentId, outcome }).addMetric('Attempts', MetricUnit.Count, 1)
  metrics
    .singleMetric()
    .addDimension('agentId', agentId)
    .addMetric('AttemptDuration', MetricUnit.Milliseconds, durationMs)
}
