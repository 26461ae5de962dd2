import { Stack } from 'aws-cdk-lib'
import { ManagedPolicy, PolicyStatement } from 'aws-cdk-lib/aws-iam'
import { StringParameter } from 'aws-cdk-lib/aws-ssm'
import { Construct } from 'constructs'
import { AGENT_PORTS, MODEL_PORTS, SUSPEND_PORTS } from '../../functions/agent-ports.ts'
import { withoutCounts } from '../own-counts.ts'
import type { DataStack } from '../stacks/data-stack.ts'
import type { Stage } from '../stage.ts'
import { placesOfPorts } from './port-grants.ts'

/** The variables of every agent's function, and the last part of the parameter with the value of each. */
export const HOST_VARIABLES = {
  TASKS_TABLE: 'tasks-table',
  REGISTRY_TABLE: 'registry-table',
  BUCKET: 'bucket',
  EVENT_BUS: 'event-bus',
  CALLBACK_URL: 'callback-url',
} as const

export const hostParameter = ({ prefix }: Pick<Stage, 'prefix'>, name: string): string =>
  `/${prefix}/agent-host/${name}`

/** Names of managed policies are unique per account, installations per region. */
export const hostPolicyName = (scope: Construct, { prefix }: Pick<Stage, 'prefix'>): string =>
  `${prefix}-agent-host-${Stack.of(scope).region}`

/** What an agent needs that another stack deploys, but for its own counters, which its stack allows it: a policy for its role, and parameters with the names of our stores (`HostedAgent`). */
export class AgentHostAccess extends Construct {
  constructor(
    scope: Construct,
    id: string,
    { stage, data, callbackUrl }: { stage: Stage; data: DataStack; callbackUrl: string },
  ) {
    super(scope, id)
    const { models: _called, secrets: _keys, ...stored } = MODEL_PORTS
    const context = { stage, data, name: 'agent-host', counts: withoutCounts }
    const places = placesOfPorts(this, { ...AGENT_PORTS, ...stored, ...SUSPEND_PORTS }, context)
    new ManagedPolicy(this, 'Policy', {
      managedPolicyName: hostPolicyName(this, stage),
      description: `What the host of an agent of ${stage.prefix} needs that another stack deploys`,
      statements: places.map(
        ({ actions, arns, conditions }) =>
          new PolicyStatement({
            actions: [...actions],
            resources: [...arns],
            ...(conditions ? { conditions } : {}),
          }),
      ),
    })
    const values = {
      TASKS_TABLE: data.tasks.tableName,
      REGISTRY_TABLE: data.registry.tableName,
      BUCKET: data.bucket.bucketName,
      EVENT_BUS: data.bus.eventBusName,
      CALLBACK_URL: callbackUrl,
    } satisfies Record<keyof typeof HOST_VARIABLES, string>
    for (const [variable, name] of Object.entries(HOST_VARIABLES))
      new StringParameter(this, variable, {
        parameterName: hostParameter(stage, name),
        description: `For agents of ${stage.prefix} that other stacks deploy: their variable ${variable}`,
        stringValue: values[variable as keyof typeof values],
      })
  }
}
