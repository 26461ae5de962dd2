import { type CfnResource, type CustomResource, Duration } from 'aws-cdk-lib'
import { Rule, Schedule } from 'aws-cdk-lib/aws-events'
import { LambdaFunction as LambdaTarget } from 'aws-cdk-lib/aws-events-targets'
import { Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam'
import type { Construct } from 'constructs'
import { FUNCTIONS } from '../../functions/catalogue.ts'
import { deployedElsewhere } from '../../shared/contracts/stage-agent.ts'
import { allowedToAny } from '../../shared/domain/elsewhere/allowed-place.ts'
import type { Bundles } from '../bundle-functions.ts'
import type { DataStack } from '../stacks/data-stack.ts'
import type { Stage } from '../stage.ts'
import { allowedElsewhere, travelling } from '../stage-elsewhere.ts'
import { giveAccess } from './agent-access.ts'
import { giveNeeds } from './agent-needs.ts'
import { BundledFunction } from './bundled-function.ts'
import { ownFunctionArn } from './our-arns.ts'
import { givePorts } from './port-grants.ts'

const NAME = 'elsewhere'

type Props = { stage: Stage; bundles: Bundles; data: DataStack }

/**
 * The one function that calls agents elsewhere, for all tenants of a stage with `agentsElsewhere`: it may invoke exactly the functions that the stage
 * names, none of this installation's own (elsewhere/W2), and read exactly the secrets.
 */
export function elsewhereHost(
  scope: Construct,
  { stage, bundles, data }: Props,
): BundledFunction | undefined {
  const { agentsElsewhere } = stage
  if (!agentsElsewhere) return undefined
  const { description, timeoutSeconds, memoryMb, ports } = FUNCTIONS[NAME]
  const folder = bundles.folderOf(NAME)
  const settings = { stage, name: NAME, description, folder, timeoutSeconds, memoryMb }
  const host = new BundledFunction(scope, 'ElsewhereFunction', settings)
  givePorts(host, ports, { stage, data, name: NAME })
  const { lambda, secrets } = allowedToAny(allowedElsewhere(agentsElsewhere))
  giveNeeds(host, { secrets }, stage)
  giveAccess(host, { vpc: agentsElsewhere.vpc }, { stage, name: NAME })
  if (lambda.length > 0) {
    host.allow(['lambda:InvokeFunction'], functionsOf(lambda))
    host.addToRolePolicy(
      new PolicyStatement({
        effect: Effect.DENY,
        actions: ['lambda:InvokeFunction'],
        resources: [ownFunctionArn(scope, stage, '*')],
      }),
    )
  }
  const { probeMinutes } = agentsElsewhere
  if (probeMinutes !== undefined)
    new Rule(scope, 'ProbeElsewhere', {
      description: 'Ask agents elsewhere whether they are well',
      schedule: Schedule.rate(Duration.minutes(probeMinutes)),
      // The next run is the retry.
      targets: [new LambdaTarget(host, { retryAttempts: 0 })],
    })
  return host.configure('AGENTS_ELSEWHERE', JSON.stringify(travelling(agentsElsewhere)))
}

/** With their aliases and versions, which are resources of their own. */
const functionsOf = (patterns: readonly string[]): string[] =>
  patterns.flatMap((pattern) => (pattern.endsWith('*') ? [pattern] : [pattern, `${pattern}:*`]))

/**
 * Tells the API which agents elsewhere may be registered, and what calls them; and has the deployment register those of the stage: they travel with its
 * request, and so are registered again when one changes.
 */
export function serveElsewhere(
  { agentsElsewhere }: Stage,
  host: BundledFunction | undefined,
  { api, registration }: { api: BundledFunction; registration: CustomResource },
): void {
  if (!agentsElsewhere || !host) return
  api
    .configure('AGENTS_ELSEWHERE', JSON.stringify(travelling(agentsElsewhere)))
    .configure('ELSEWHERE_FUNCTION', host.functionArn)
  const { agents } = agentsElsewhere
  if (agents.length === 0) return
  const resource = registration.node.defaultChild as CfnResource
  resource.addPropertyOverride('elsewhereFunction', host.functionArn)
  resource.addPropertyOverride('elsewhere', JSON.stringify(agents.map(deployedElsewhere)))
}

/** What the host may do with wildcards, as the rule packs find it. */
export const wildElsewhere = ({ agentsElsewhere }: Stage): string[] =>
  agentsElsewhere
    ? functionsOf(allowedToAny(allowedElsewhere(agentsElsewhere)).lambda).filter((arn) => arn.includes('*'))
    : []
