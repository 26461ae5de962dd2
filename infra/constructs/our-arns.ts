import { ArnFormat, Stack } from 'aws-cdk-lib'
import type { Construct } from 'constructs'
import type { Stage } from '../stage.ts'

/** Our state machines or their executions: ARNs that begin with our prefix and continue with `rest`. */
export function statesArn(
  scope: Construct,
  { prefix }: Stage,
  resource: 'stateMachine' | 'execution',
  rest: string,
): string {
  const resourceName = `${prefix}-${rest}`
  return Stack.of(scope).formatArn({
    service: 'states',
    resource,
    resourceName,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  })
}

/** Our agents' functions, by naming convention, including those that another stack deploys. */
export function agentFunctionArn(scope: Construct, stage: Stage, rest: string): string {
  return ownFunctionArn(scope, stage, `agent-${rest}`)
}

/** A function of ours by the last part of its name; for places where a reference would be circular. */
export function ownFunctionArn(scope: Construct, { prefix }: Stage, name: string): string {
  const resourceName = `${prefix}-${name}`
  return Stack.of(scope).formatArn({
    service: 'lambda',
    resource: 'function',
    resourceName,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  })
}

/** The ARN with all streams of the group, as log deliveries need it. */
export function logGroupArn(scope: Construct, name: string): string {
  const resourceName = `${name}:*`
  return Stack.of(scope).formatArn({
    service: 'logs',
    resource: 'log-group',
    resourceName,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  })
}

/** The log group of all machines. */
export const machineLogs = ({ prefix }: Pick<Stage, 'prefix'>): string => `/aws/vendedlogs/states/${prefix}`

/** The name of the queue that tells of messages to agents. */
export const messagesQueueName = ({ prefix }: Stage): string => `${prefix}-messages.fifo`

/** By its name: the functions of agents are in other stacks. */
export const messagesQueueArn = (scope: Construct, stage: Stage): string =>
  Stack.of(scope).formatArn({ service: 'sqs', resource: messagesQueueName(stage) })

export function messagesQueueUrl(scope: Construct, stage: Stage): string {
  const { region, account, urlSuffix } = Stack.of(scope)
  return `https://sqs.${region}.${urlSuffix}/${account}/${messagesQueueName(stage)}`
}
