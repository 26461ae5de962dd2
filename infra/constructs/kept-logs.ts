import { RemovalPolicy } from 'aws-cdk-lib'
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs'
import type { Construct } from 'constructs'
import type { Stage } from '../stage.ts'

/** A log group with the stage's retention, deleted together with its writer. */
export function keptLogs(scope: Construct, id: string, stage: Stage, logGroupName: string): LogGroup {
  return new LogGroup(scope, id, {
    logGroupName,
    retention: stage.logRetentionDays as RetentionDays,
    removalPolicy: RemovalPolicy.DESTROY,
  })
}
