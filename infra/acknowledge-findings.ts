import { Validations } from 'aws-cdk-lib'
import type { IConstruct } from 'constructs'
import type { AgentManifest } from '../shared/domain/agent.ts'
import { FILES_PREFIX, TASK_FILES_PREFIX } from '../shared/domain/file-reference.ts'
import { wideAccess } from './constructs/agent-access.ts'
import { keysOfSecrets } from './constructs/agent-needs.ts'
import { wildElsewhere } from './constructs/elsewhere-host.ts'
import { modelPlaces, type Place } from './constructs/model-places.ts'
import { agentFunctionArn, logGroupArn, statesArn } from './constructs/our-arns.ts'
import type { DataStack } from './stacks/data-stack.ts'
import type { RuntimeStack } from './stacks/runtime-stack.ts'
import type { Stage } from './stage.ts'

type Stacks = { data: DataStack; runtime: RuntimeStack }
type Acknowledged = { where: IConstruct; id: string; reason: string }

/**
 * The findings of the rule packs that we accept, each with its reason. Any other finding stops the synthesis; a wildcard is
 * acknowledged together with the exact resource in which it stands.
 */
export function acknowledgeFindings(
  stage: Stage,
  stacks: Stacks,
  agents: readonly Pick<AgentManifest, 'id' | 'needs'>[] = [],
): void {
  for (const { where, id, reason } of [
    ...findings(stage, stacks),
    ...findingsOfAgents(stage, stacks, agents),
  ]) {
    Validations.of(where).acknowledge({ id, reason })
  }
}

/** What agents' own policies say with wildcards. */
function findingsOfAgents(
  stage: Stage,
  { runtime }: Stacks,
  agents: readonly Pick<AgentManifest, 'id' | 'needs'>[],
): Acknowledged[] {
  return agents.flatMap((agent) => {
    const { resources, actions } = wideAccess(runtime, stage, agent)
    const acknowledged =
      (kind: string) =>
      ({ finding, reason }: { finding: string; reason: string }): Acknowledged => ({
        where: runtime,
        id: `AwsSolutions-IAM5[${kind}::${flat(runtime.resolve(finding))}]`,
        reason,
      })
    return [
      // Everything is acknowledged already, for traces.
      ...resources.filter(({ finding }) => finding !== '*').map(acknowledged('Resource')),
      ...actions.map(acknowledged('Action')),
    ]
  })
}

const findingsOfOpenRoutes = ({ api, tokenApi }: Stacks['runtime']): Acknowledged[] => [
  ...[tokenApi?.openRoute ?? []].flat().map((where) => ({
    where,
    id: 'AwsSolutions-APIG4',
    reason:
      'Where a client without a token learns which issuers give some (RFC 9728); it reads nothing else.',
  })),
  ...[...api.callbackRoutes, ...(tokenApi?.callbackRoutes ?? [])].map((where) => ({
    where,
    id: 'AwsSolutions-APIG4',
    reason:
      'An outside job that answers for a suspended step shows 256 random bits; the function refuses everything else.',
  })),
  ...(tokenApi?.linkRoutes ?? []).map((where) => ({
    where,
    id: 'AwsSolutions-APIG4',
    reason: 'Whoever opens a link shows 256 random bits; the function refuses everything else.',
  })),
]

const findingsOfMessages = (runtime: Stacks['runtime']): Acknowledged[] => [
  {
    where: runtime,
    id: 'Serverless-LambdaEventSourceMappingDestination',
    reason:
      'The mapping of a queue has no destination: the dead-letter queue of the messages queue gets what cannot be delivered.',
  },
  ...['AwsSolutions-SQS3', 'Serverless-SQSRedrivePolicy'].map((id) => ({
    where: runtime.messages.dead,
    id,
    reason: 'It is the dead-letter queue of the messages queue; what is in it is stored, and swept.',
  })),
]

function findingsOfAnchors(
  data: Stacks['data'],
  wildcard: (resource: string, reason: string) => Acknowledged,
): Acknowledged[] {
  const { anchors } = data
  if (!anchors) return []
  const reason =
    'Anchors of the audit: all objects of a bucket that holds nothing else, each written once, and locked.'
  return [wildcard(`${data.exportValue(anchors.bucket.bucketArn)}/*`, reason)]
}

function findings(stage: Stage, { data, runtime }: Stacks): Acknowledged[] {
  // Referenced by its export name, as in the runtime stack.
  const bucket = data.exportValue(data.bucket.bucketArn)
  const wildcard = (resource: string, reason: string): Acknowledged => ({
    where: runtime,
    id: `AwsSolutions-IAM5[Resource::${flat(runtime.resolve(resource))}]`,
    reason,
  })
  return [
    wildcard(
      '*',
      'Putting traces (X-Ray) and delivering the logs of machines know no resources; test/assembly lists every action that has this one.',
    ),
    wildcard(
      statesArn(runtime, stage, 'stateMachine', '*'),
      'Machines of workflows that come with a task are made at run time, by names that nobody knows before; all begin with the prefix of this installation, which no other can have.',
    ),
    wildcard(
      statesArn(runtime, stage, 'execution', '*:*'),
      'An execution has the name of its task. All are of machines that begin with the prefix of this installation.',
    ),
    wildcard(
      agentFunctionArn(runtime, stage, '*'),
      'An agent that another stack deploys is registered at run time; the naming rule is what lets machines invoke it, and nothing else.',
    ),
    wildcard(
      logGroupArn(runtime, `/aws/lambda/${stage.prefix}-*`),
      'What was logged about a task is read from the logs of its agents, some of which another stack deploys; all begin with the prefix of this installation.',
    ),
    ...findingsOfAnchors(data, wildcard),
    wildcard(`${bucket}/tasks/*`, 'Stored values of tasks: keys under one prefix of our own bucket.'),
    wildcard(`${bucket}/${FILES_PREFIX}*`, 'Uploaded files: keys under one prefix of our own bucket.'),
    wildcard(
      `${bucket}/${TASK_FILES_PREFIX}*`,
      'Files that agents have written: keys under one prefix of our own bucket.',
    ),
    wildcard(
      runtime.api.api.arnForExecuteApi(),
      'The policy of whoever may call the API: every route of this one API.',
    ),
    ...wildcardsOf(modelPlaces(runtime, Object.values(stage.models))).map((arn) =>
      wildcard(
        arn,
        'An inference profile passes a call on to any of its regions, which AWS may add to; a condition allows the model only by way of the profile that the stage configures.',
      ),
    ),
    ...findingsOfOpenRoutes(runtime),
    ...wildElsewhere(stage).map((arn) =>
      wildcard(
        arn,
        'Functions that the stage names in agentsElsewhere, with their versions: those of this installation are denied.',
      ),
    ),
    ...keysOfSecrets(runtime, stage).map((arn) =>
      wildcard(
        arn,
        'The key that a secret is encrypted with is not known by its name; a condition allows each key only by way of the service that keeps the secrets, and only for the secrets that the agent needs.',
      ),
    ),
    {
      where: runtime,
      id: 'Serverless-LambdaDLQ',
      reason:
        'Agents, rebind, control, api and authorize are called by callers that wait for the answer: nothing is lost when they fail. finish-task, reconcile, collect and register have a failure destination, which is the newer way to the same queue and carries the reason.',
    },
    {
      where: runtime,
      id: 'AwsSolutions-SF1',
      reason:
        'Step Functions itself keeps every event of an execution for 90 days; a copy of all of them in CloudWatch Logs would cost more than the execution. Failures are logged, without payloads.',
    },
    ...findingsOfMessages(runtime),
    ...['AwsSolutions-SQS3', 'Serverless-SQSRedrivePolicy'].map((id) => ({
      where: runtime.deadLetters,
      id,
      reason:
        'It is the dead-letter queue, of rule targets and of failure destinations, with an alarm on its depth.',
    })),
  ]
}

const wildcardsOf = (places: readonly Place[]): string[] =>
  places.flatMap(({ arns }) => arns).filter((arn) => arn.includes('*'))

type Resolved = string | { [intrinsic: string]: Resolved | Resolved[] } | Resolved[]

/** An ARN as the rule packs print it: references in angle brackets, imports by their names. */
function flat(value: Resolved): string {
  if (typeof value === 'string') return value
  if (Array.isArray(value)) return value.map(flat).join('.')
  const [[intrinsic = '', inner = ''] = []] = Object.entries(value)
  if (intrinsic === 'Fn::Join') return ((inner as [string, Resolved[]])[1] ?? []).map(flat).join('')
  return intrinsic === 'Fn::ImportValue' ? flat(inner) : `<${flat(inner)}>`
}
