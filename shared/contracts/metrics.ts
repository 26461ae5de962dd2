/** What our functions count and measure, written as embedded metrics into their logs; dashboard and alarms read them. */
export const METRICS = {
  /** Ended tasks. */
  Tasks: { unit: 'Count', dimensions: ['outcome'] },
  /** From submission to end; by workflow there is Step Functions' own ExecutionTime, and names that users choose would be metrics without end. */
  TaskDuration: { unit: 'Milliseconds', dimensions: ['outcome'] },
  /** Of steps that succeeded: their last attempt, as the host sees it. */
  StepDuration: { unit: 'Milliseconds', dimensions: ['agentId', 'capability'] },
  /** Every try of a step by an agent. */
  Attempts: { unit: 'Count', dimensions: ['agentId', 'outcome'] },
  /** Steps that went to another agent; by the one that takes over. */
  Failovers: { unit: 'Count', dimensions: ['agentId'] },
  /** Looks of the rebinder that found all agents busy: errors to Lambda, for its state retries them, and to nobody else. */
  BusyLooks: { unit: 'Count', dimensions: [] },
  /** That the sweep has looked at; every minute, also when there are none. */
  OpenTasks: { unit: 'Count', dimensions: [] },
  /** Of the task that has waited longest for its turn, in seconds; every minute. */
  QueueAge: { unit: 'Seconds', dimensions: [] },
  /** Of tasks that succeeded: 1 where they stayed below the estimate of which half do, 0 where not; the average should be .5. */
  TimeUnderP50: { unit: 'NoUnit', dimensions: [] },
  /** The same of nine in ten. */
  TimeUnderP90: { unit: 'NoUnit', dimensions: [] },
  CostUnderP50: { unit: 'NoUnit', dimensions: [] },
  CostUnderP90: { unit: 'NoUnit', dimensions: [] },
  /** What agents say that their calls cost, in US dollars. */
  Cost: { unit: 'NoUnit', dimensions: ['agentId'] },
} as const

export type MetricName = keyof typeof METRICS
export type DimensionsOf<Name extends MetricName> = Record<
  (typeof METRICS)[Name]['dimensions'][number],
  string
>

/** The `service` of all of them: a task ends in whichever function comes first. */
export const METRICS_SERVICE = 'orchestrator'
