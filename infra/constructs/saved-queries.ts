import { CfnQueryDefinition } from 'aws-cdk-lib/aws-logs'
import { Construct } from 'constructs'
import type { Stage } from '../stage.ts'

/** Common questions about the logs as Logs Insights queries: commands in order. */
export const QUERIES = {
  'one task': [
    'fields @timestamp, service, stepId, attempt, message, status, agentId, durationMs, errorName',
    "filter taskId = 't_...'",
    'sort @timestamp asc',
    'limit 1000',
  ],
  'failed attempts': [
    'fields @timestamp, agentId, errorName, taskId, stepId, attempt, durationMs, executionArn',
    "filter message = 'attempt failed'",
    'sort @timestamp desc',
    'limit 100',
  ],
  'slowest steps': [
    "filter message = 'step ended' and status = 'succeeded'",
    'stats count() as steps, pct(durationMs, 50) as p50, pct(durationMs, 90) as p90, max(durationMs) as longest by agentId, stepId',
    'sort p90 desc',
    'limit 50',
  ],
  'failures by agent and error': [
    "filter message = 'attempt failed'",
    'stats count() as failures, count_distinct(taskId) as tasks by agentId, errorName',
    'sort failures desc',
  ],
  'cold starts': [
    "filter @type = 'REPORT' and ispresent(@initDuration)",
    'stats count() as starts, pct(@initDuration, 50) as p50, max(@initDuration) as longest by @log',
    'sort starts desc',
  ],
  'what the sweep mended': [
    "filter message = 'reconciled' and (ended > 0 or started > 0 or ispresent(failed.0.taskId))",
    'fields @timestamp, looked, ended, started, failed.0.taskId, failed.0.error',
    'sort @timestamp desc',
    'limit 100',
  ],
} as const

/** Logs Insights' limit of log groups in one query. */
export const MOST_GROUPS = 50

/** The queries, saved in Logs Insights under `<prefix>/`. */
export class SavedQueries extends Construct {
  constructor(
    scope: Construct,
    id: string,
    { stage, logGroupNames }: { stage: Stage; logGroupNames: readonly string[] },
  ) {
    super(scope, id)
    for (const [name, lines] of Object.entries(QUERIES)) {
      new CfnQueryDefinition(this, name, {
        name: `${stage.prefix}/${name}`,
        queryString: lines.join('\n| '),
        logGroupNames: [...logGroupNames],
      })
    }
  }
}
