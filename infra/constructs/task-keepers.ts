import { Duration } from 'aws-cdk-lib'
import { Rule, Schedule } from 'aws-cdk-lib/aws-events'
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets'
import type { Queue } from 'aws-cdk-lib/aws-sqs'
import { Construct } from 'constructs'
import type { Stage } from '../stage.ts'
import type { BundledFunction } from './bundled-function.ts'
import { statesArn } from './our-arns.ts'

type TaskKeepersProps = {
  readonly stage: Stage
  readonly deadLetters: Queue
  readonly finish: BundledFunction
  readonly reconcile: BundledFunction
  readonly collect: BundledFunction
  readonly audit: BundledFunction
  readonly erase: BundledFunction
  /** Only in a stage that has anchors. */
  readonly anchor: BundledFunction | undefined
}

/** Background work: records the ends of tasks, reconciles those that were missed, and removes unused state machines. */
export class TaskKeepers extends Construct {
  readonly #props: TaskKeepersProps

  constructor(scope: Construct, id: string, props: TaskKeepersProps) {
    super(scope, id)
    this.#props = props
    this.#noteEnds()
    this.#reconcile()
    this.#collect()
    this.#audit()
    this.#erase()
  }

  /** Step Functions' status event ends a task; failed deliveries are retried, then go to the dead-letter queue. */
  #noteEnds(): void {
    const { stage, deadLetters, finish } = this.#props
    finish.keepFailures(deadLetters, 2)
    new Rule(this, 'ExecutionEnded', {
      description: 'A workflow execution has ended',
      eventPattern: {
        source: ['aws.states'],
        detailType: ['Step Functions Execution Status Change'],
        detail: {
          status: ['SUCCEEDED', 'FAILED', 'TIMED_OUT', 'ABORTED'],
          // Only the executions of tasks: items of a fan-out have executions too.
          name: [{ prefix: 't_' }],
          // Every state machine of ours, including those of removed workflows: their tasks still run.
          stateMachineArn: [{ prefix: statesArn(this, stage, 'stateMachine', '') }],
        },
      },
      targets: [new LambdaFunction(finish, { deadLetterQueue: deadLetters, retryAttempts: 10 })],
    })
  }

  /** Events are best effort: reconciliation catches the ends that were missed. */
  #reconcile(): void {
    this.#every('EveryMinute', Duration.minutes(1), 'Reconcile tasks', this.#props.reconcile)
  }

  /** Removes state machines that the API created, and those of removed workflows: CloudFormation does not. */
  #collect(): void {
    const { stage, collect } = this.#props
    collect.configure('MACHINES', statesArn(this, stage, 'stateMachine', ''))
    this.#every('EveryDay', Duration.days(1), 'Collect unused state machines', collect)
  }

  /** Calls that the API has noted go into the chains of their tenants. */
  #audit(): void {
    const { audit, anchor } = this.#props
    this.#every('AuditEveryMinute', Duration.minutes(1), 'Append to the audit', audit)
    if (anchor) this.#every('AnchorEveryHour', Duration.hours(1), 'Anchor the audit', anchor)
  }

  /** What is left of deleted tasks is removed. */
  #erase(): void {
    const { stage, erase } = this.#props
    erase.configure('MACHINES', statesArn(this, stage, 'stateMachine', ''))
    this.#every('EraseEveryMinute', Duration.minutes(1), 'Remove deleted data', erase)
  }

  /** No retries: the next scheduled run is the retry. */
  #every(id: string, rate: Duration, description: string, target: BundledFunction): void {
    const { deadLetters } = this.#props
    target.keepFailures(deadLetters, 0)
    new Rule(this, id, {
      description,
      schedule: Schedule.rate(rate),
      targets: [new LambdaFunction(target, { deadLetterQueue: deadLetters, retryAttempts: 0 })],
    })
  }
}
