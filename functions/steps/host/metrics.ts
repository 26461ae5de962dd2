import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics'

/** One set of metrics for each combination of dimensions: invocations overlap, and a shared set would mix theirs. */
const sets = new Map<string, Metrics>()

function setFor(agentId: string, outcome: string): Metrics {
  const key = `${agentId} ${outcome}`
  const known = sets.get(key)
  if (known) return known
  const made = new Metrics({ defaultDimensions: { agentId, outcome } })
  sets.set(key, made)
  return made
}

/** One attempt's duration, by agent and outcome, as embedded metrics; their number is the metric's sample count. */
export function recordAttempt({
  agentId,
  outcome,
  durationMs,
}: {
  agentId: string
  outcome: string
  durationMs: number
}): void {
  const metrics = setFor(agentId, outcome)
  metrics.addMetric('AttemptDuration', MetricUnit.Milliseconds, durationMs)
  metrics.publishStoredMetrics()
}
