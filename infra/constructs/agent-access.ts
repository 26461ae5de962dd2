import { Stack } from 'aws-cdk-lib'
import { PolicyStatement } from 'aws-cdk-lib/aws-iam'
import type { CfnFunction } from 'aws-cdk-lib/aws-lambda'
import type { Construct } from 'constructs'
import type { AgentManifest } from '../../shared/domain/agent.ts'
import type { AgentPolicy } from '../../shared/domain/agent-access.ts'
import type { Stage } from '../stage.ts'
import type { BundledFunction } from './bundled-function.ts'
import { ownFunctionArn } from './our-arns.ts'

type Access = Partial<Pick<NonNullable<AgentManifest['needs']>, 'policies' | 'environment' | 'vpc'>>
type Parameter = { parameter: string }

/** How Lambda connects a function to a network; it knows no resources before they exist. */
const NETWORK_ACTIONS = [
  'ec2:AssignPrivateIpAddresses',
  'ec2:CreateNetworkInterface',
  'ec2:DeleteNetworkInterface',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSubnets',
  'ec2:UnassignPrivateIpAddresses',
]

/** Gives an agent's function the policies, the variables and the network that the agent's file says. `name` is the last part of its name. */
export function giveAccess(
  agent: BundledFunction,
  { policies = [], environment = {}, vpc }: Access,
  { stage, name }: { stage: Stage; name: string },
): void {
  const fill = (text: string): string => filledIn(agent, stage, text)
  const readFrom = (given: string | Parameter): string =>
    typeof given === 'string' ? given : `{{resolve:ssm:${fill(given.parameter)}}}`
  for (const policy of policies) agent.addToRolePolicy(statementOf(policy, fill))
  for (const [variable, value] of Object.entries(environment))
    agent.addEnvironment(variable, typeof value === 'string' ? fill(value) : readFrom(value))
  if (!vpc) return
  const resource = agent.node.defaultChild as CfnFunction
  resource.vpcConfig = {
    subnetIds: vpc.subnets.map(readFrom),
    securityGroupIds: vpc.securityGroups.map(readFrom),
  }
  agent.allow(NETWORK_ACTIONS, ['*'])
  // For Lambda only: the code of the function may not.
  const self = { 'lambda:SourceFunctionArn': ownFunctionArn(agent, stage, name) }
  agent.deny(NETWORK_ACTIONS, ['*'], { StringEquals: self })
}

function statementOf({ actions, resources, conditions }: AgentPolicy, fill: (text: string) => string) {
  const statement = new PolicyStatement({ actions: [...actions], resources: resources.map(fill) })
  for (const [operator, keys] of Object.entries(conditions ?? {}))
    for (const [key, values] of Object.entries(keys ?? {}))
      statement.addCondition(operator, { [key]: [values].flat().map(fill) })
  return statement
}

/** A text with the place of the deployment in it. */
function filledIn(scope: Construct, { prefix }: Stage, text: string): string {
  const { partition, region, account } = Stack.of(scope)
  const values: Readonly<Record<string, string>> = { partition, region, account, prefix }
  return text.replace(
    /\$\{(partition|region|account|prefix)\}/g,
    (whole, name: string) => values[name] ?? whole,
  )
}

type Wide = { finding: string; reason: string }

/** What an agent's policies say with wildcards, as the rule packs find it; `why` is the reason. */
export function wideAccess(
  scope: Construct,
  stage: Stage,
  { id, needs }: Pick<AgentManifest, 'id' | 'needs'>,
): { resources: Wide[]; actions: Wide[] } {
  const policies = needs?.policies ?? []
  const wide = (pick: (policy: AgentPolicy) => readonly string[]): Wide[] =>
    policies.flatMap((policy) =>
      pick(policy)
        .filter((one) => one.includes('*'))
        .map((one) => ({
          finding: filledIn(scope, stage, one),
          reason: `The file of agent ${id} asks for it: ${policy.why ?? 'resources of one kind, by a part of their name'}.`,
        })),
    )
  return { resources: wide(({ resources }) => resources), actions: wide(({ actions }) => actions) }
}
