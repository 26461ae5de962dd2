import { ArnFormat, Stack } from 'aws-cdk-lib'
import type { Construct } from 'constructs'
import type { Stage } from '../stage.ts'

/** Machines of ours, or their executions: all that begin with our prefix and go on like this. */
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

/** Agents of ours, also those that another stack brings: by the name of their function. */
export function agentFunctionArn(scope: Construct, stage: Stage, rest: string): string {
  return ownFunctionArn(scope, stage, `agent-${rest}`)
}

/** A function of ours by the last part of its name: also where a reference would go in a circle. */
export function ownFunctionArn(scope: Construct, { prefix }: Stage, name: string): string {
  const resourceName = `${prefix}-${name}`
  return Stack.of(scope).formatArn({
    service: 'lambda',
    resource: 'function',
    resourceName,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  })
}

/** As what delivers to a log group wants it: all of its streams. */
export function logGroupArn(scope: Construct, name: string): string {
  const resourceName = `${name}:*`
  return Stack.of(scope).formatArn({
    service: 'logs',
    resource: 'log-group',
    resourceName,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  })
}
