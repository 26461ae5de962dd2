/** Metrics of the functions, written to their logs in the Embedded Metric Format; dashboard and alarms read them. */
export const METRICS = {
  /** Ended tasks. */
  Tasks: { unit: 'Count', dimensions: ['outcome'] },
  /**
   * From submission to end. No workflow dimension: user-chosen names have unbounded cardinality, and Step Functions has ExecutionTime for
   * each.
   */
  TaskDuration: { unit: 'Milliseconds', dimensions: ['outcome'] },
  /** The last attempt of each step that succeeded, as measured by the host. */
  StepDuration: { unit: 'Milliseconds', dimensions: ['agentId', 'capability'] },
  /** Every attempt of a step by an agent. */
  Attempts: { unit: 'Count', dimensions: ['agentId', 'outcome'] },
  /** Steps that failed over to another agent, counted for the agent that takes over. */
  Failovers: { unit: 'Count', dimensions: ['agentId'] },
  /** Rebinder calls that found all agents busy. Lambda counts them as errors, because the state retries them, but they are backpressure. */
  BusyLooks: { unit: 'Count', dimensions: [] },
  /** Open tasks that the reconciler has examined; written every minute, also when there are none. */
  OpenTasks: { unit: 'Count', dimensions: [] },
  /** Age of the oldest queued task, in seconds; written every minute. */
  QueueAge: { unit: 'Seconds', dimensions: [] },
  /** Requests that were done and whose end could not be noted for the audit. */
  AuditUntold: { unit: 'Count', dimensions: [] },
  /** For how long the oldest noted call has waited that could have been appended to the audit, in seconds; written every minute. */
  AuditWait: { unit: 'Seconds', dimensions: [] },
  /** For each successful task 1 if it stayed below the p50 of its estimate, else 0; a calibrated estimate averages 0.5. */
  TimeUnderP50: { unit: 'NoUnit', dimensions: [] },
  /** The same for p90; a calibrated estimate averages 0.9. */
  TimeUnderP90: { unit: 'NoUnit', dimensions: [] },
  CostUnderP50: { unit: 'NoUnit', dimensions: [] },
  CostUnderP90: { unit: 'NoUnit', dimensions: [] },
  /** The cost that agents report for their calls, in US dollars. */
  Cost: { unit: 'NoUnit', dimensions: ['agentId'] },
} as const

export type MetricName = keyof typeof METRICS
export type DimensionsOf<Name extends MetricName> = Record<
  (typeof METRICS)[Name]['dimensions'][number],
  string
>

/** The `service` dimension of all metrics: any function may be the one that ends a task. */
export const METRICS_SERVICE = 'orchestrator'
