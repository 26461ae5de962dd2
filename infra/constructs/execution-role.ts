import { Stack } from 'aws-cdk-lib'
import type { ITable } from 'aws-cdk-lib/aws-dynamodb'
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import type { IFunction } from 'aws-cdk-lib/aws-lambda'
import type { Construct } from 'constructs'
import type { Stage } from '../stage.ts'
import { agentFunctionArn, statesArn } from './our-arns.ts'

type ExecutionRoleProps = {
  readonly stage: Stage
  /** Our functions that state machines call, agents excepted. */
  readonly functions: readonly IFunction[]
  readonly tasks: Pick<ITable, 'tableArn'>
}

/**
 * One role for all state machines: invoke our own functions and every function named like an agent of ours (another stack may
 * bring it, and `POST /agents` registers it); wait at gates; start children. CDK adds what logs and traces need.
 */
export class ExecutionRole extends Role {
  constructor(scope: Construct, id: string, { stage, functions, tasks }: ExecutionRoleProps) {
    super(scope, id, { assumedBy: new ServicePrincipal('states.amazonaws.com') })
    const own = functions.map(({ functionArn }) => functionArn)
    this.#allow(['lambda:InvokeFunction'], [...own, agentFunctionArn(this, stage, '*')])
    // A gate's state stores its own task token.
    this.#allow(['dynamodb:UpdateItem'], [tasks.tableArn])
    // Child workflows, and the items of a distributed Map.
    this.#allow(['states:StartExecution'], [statesArn(this, stage, 'stateMachine', '*')])
    this.#allow(
      ['states:DescribeExecution', 'states:StopExecution', 'states:RedriveExecution'],
      [statesArn(this, stage, 'execution', '*:*')],
    )
    // A state that waits for an execution learns of its end through a rule that Step Functions manages.
    const resourceName = 'StepFunctionsGetEventsForStepFunctionsExecutionRule'
    const rule = Stack.of(this).formatArn({ service: 'events', resource: 'rule', resourceName })
    this.#allow(['events:PutTargets', 'events:PutRule', 'events:DescribeRule'], [rule])
  }

  #allow(actions: readonly string[], resources: readonly string[]): void {
    this.addToPolicy(new PolicyStatement({ actions: [...actions], resources: [...resources] }))
  }
}
