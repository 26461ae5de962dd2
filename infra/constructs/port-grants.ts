import { Stack } from 'aws-cdk-lib'
import type { IRole } from 'aws-cdk-lib/aws-iam'
import type { Construct } from 'constructs'
import { AGENT_PORTS } from '../../functions/agent-ports.ts'
import { PORTS, type PortModes, type PortName } from '../../functions/ports.ts'
import type { EnvironmentName } from '../../shared/contracts/environment.ts'
import { type Grant, grantsOfModes, type Resource, type StageSetting } from '../../shared/contracts/grants.ts'
import type { AgentManifest } from '../../shared/domain/agent.ts'
import type { ModelSettings } from '../../shared/domain/model-settings.ts'
import { isLimited, narrowed, QUOTA_NAMES, type QuotaName } from '../../shared/domain/quotas.ts'
import { mergeGrants } from '../merge-grants.ts'
import { countedAgent, countsAlone } from '../own-counts.ts'
import type { DataStack } from '../stacks/data-stack.ts'
import type { Stage } from '../stage.ts'
import type { BundledFunction } from './bundled-function.ts'
import { giveDecrypt } from './decrypt-grants.ts'
import { modelPlaces, type Place, secretPlaces } from './model-places.ts'
import {
  agentFunctionArn,
  logGroupArn,
  messagesQueueArn,
  messagesQueueUrl,
  ownFunctionArn,
  statesArn,
} from './our-arns.ts'

/** The environment variable of a setting; quotas of tenants travel together (giveSettings). */
const VARIABLES = {
  tenantConcurrency: 'TENANT_CONCURRENCY',
  taskRetentionDays: 'TASK_RETENTION_DAYS',
  auditAnchorDays: 'AUDIT_ANCHOR_DAYS',
} as const satisfies Partial<Record<StageSetting, EnvironmentName>>

/** Whether a stage has a setting. */
const HAS: Readonly<Record<StageSetting, (stage: Stage) => boolean>> = {
  tenantConcurrency: ({ tenantConcurrency, tenants }) =>
    tenantConcurrency !== undefined || isLimited(tenants, 'concurrency'),
  tenantQuotas: ({ tenants }) => QUOTA_NAMES.some((name) => isLimited(tenants, name)),
  tenantMoney: ({ tenants }) => isLimited(tenants, 'usdPerMonth'),
  taskRetentionDays: ({ taskRetentionDays }) => taskRetentionDays !== undefined,
  auditAnchorDays: ({ auditAnchorDays }) => auditAnchorDays !== undefined,
}
const settingsOf = (stage: Stage): StageSetting[] =>
  (Object.keys(HAS) as StageSetting[]).filter((name) => HAS[name](stage))

type Context = {
  stage: Stage
  data: DataStack
  /** The last part of the function's name. */
  name: string
  /** The models that the function may call; only for one whose agent needs some. */
  models?: Readonly<Record<string, ModelSettings>>
  /** What an agent's function is granted in place of a grant to change counters (own-counts.ts). */
  counts?: (grant: Grant) => Grant[]
  /** The role of our state machines; only for a function that creates some. */
  machineRole?: IRole
}

/**
 * Sets a function's environment and grants the ports of its catalogue entry. Every function gets the names of all
 * stores, but may access only what these modes of these ports need. A stage setting is passed only to functions whose
 * grants depend on it.
 */
export function givePorts(target: BundledFunction, ports: PortModes, context: Context): void {
  const { stage, data } = context
  target
    .configure('TASKS_TABLE', data.tasks.tableName)
    .configure('REGISTRY_TABLE', data.registry.tableName)
    .configure('BUCKET', data.bucket.bucketName)
    .configure('EVENT_BUS', data.bus.eventBusName)
  const grants = grantsOfPorts(ports)
  for (const [setting, variable] of Object.entries(VARIABLES)) {
    const value = stage[setting as keyof typeof VARIABLES]
    if (value !== undefined && grants.some(({ when }) => when === setting))
      target.configure(variable, String(value))
  }
  giveSettings(target, ports, stage)
  if ('bell' in ports) target.configure('MESSAGES_QUEUE', messagesQueueUrl(target, stage))
  if ('anchors' in ports && data.anchors)
    target
      .configure('ANCHORS_BUCKET', data.anchors.bucket.bucketName)
      .configure('ANCHOR_KEY', data.anchors.key.keyArn)
  for (const { actions, arns, conditions } of placesOfPorts(target, ports, context))
    target.allow(actions, arns, conditions)
  if (!context.models) return
  target.configure('MODELS', JSON.stringify(context.models))
  giveKeysOfModels(target, context.models)
}

/** What a stage says of how these ports work, beside what they may do. */
export function giveSettings(target: BundledFunction, ports: PortModes, stage: Stage): void {
  const quotas = quotasFor(ports, stage)
  if (quotas !== undefined) target.configure('TENANT_QUOTAS', quotas)
  if ('statistics' in ports && stage.statistics === 'own') target.configure('STATISTICS', 'own')
  if ('taskFiles' in ports && ports.taskFiles?.includes('write')) {
    if (stage.maxFileMb !== undefined) target.configure('MAX_FILE_MB', String(stage.maxFileMb))
    if (stage.maxTaskFiles !== undefined) target.configure('MAX_TASK_FILES', String(stage.maxTaskFiles))
  }
  if ('transcripts' in ports && ports.transcripts?.includes('keep') && !stage.transcripts)
    target.configure('KEEP_TRANSCRIPTS', 'no')
}

/** The quotas of tenants that a function with these ports looks at, as JSON; undefined where there are none. */
function quotasFor(ports: PortModes, { tenants }: Stage): string | undefined {
  const wanted: QuotaName[] = [
    ...(ports.money?.includes('spend') ? (['usdPerMonth'] as const) : []),
    ...('queue' in ports ? (['concurrency'] as const) : []),
    ...(ports.agents?.includes('list') ? (['allowedAgents', 'allowedCapabilities'] as const) : []),
  ]
  const some = narrowed(tenants, ports.quotas?.includes('count') ? QUOTA_NAMES : wanted)
  return Object.keys(some).length === 0 ? undefined : JSON.stringify(some)
}

type Allowed = Place & { actions: readonly string[] }

/** What these modes of these ports allow in a stage. */
export function placesOfPorts(scope: Construct, ports: PortModes, context: Context): Allowed[] {
  const { stage } = context
  const { counts = (grant) => [grant] } = context
  const grants = grantsOfPorts(ports).flatMap(counts)
  return mergeGrants(grants, new Set(settingsOf(stage))).flatMap(({ actions, on }) =>
    placesOf(scope, on, context).map((place) => ({ ...place, actions })),
  )
}

/** The counters of an agent that another stack deploys: its managed policy is that of all such agents, and has none. */
export function giveCounts(
  target: BundledFunction,
  manifest: Pick<AgentManifest, 'id' | 'capabilities'>,
  { stage, tenant }: { stage: Pick<Stage, 'prefix'>; tenant: string },
): void {
  const agent = countedAgent(manifest, tenant)
  const grants = grantsOfPorts(AGENT_PORTS).flatMap((grant) => countsAlone(grant, agent))
  // By the beginning of its name: what the stack of the orchestrator has called it is not known here.
  const resourceName = `${stage.prefix}-data-Registry*`
  const arn = Stack.of(target).formatArn({ service: 'dynamodb', resource: 'table', resourceName })
  for (const { actions, on } of mergeGrants(grants, new Set()))
    if (on.kind === 'table') target.allow(actions, [arn], leadingKeys(on))
}

const MODEL_KINDS: readonly Resource['kind'][] = ['models', 'model-secrets']

/** The settings of models, and the permission to call them and to read their keys, for a function that has the other grants from elsewhere. */
export function giveModels(target: BundledFunction, models: Readonly<Record<string, ModelSettings>>): void {
  target.configure('MODELS', JSON.stringify(models))
  const own = grantsOfPorts({ models: ['call'], secrets: ['read'] }).filter(({ on }) =>
    MODEL_KINDS.includes(on.kind),
  )
  for (const { actions, on } of mergeGrants(own, new Set()))
    for (const { arns, conditions } of modelPlacesOf(target, on, Object.values(models)))
      target.allow(actions, arns, conditions)
  giveKeysOfModels(target, models)
}

/** What the keys of models are encrypted with. */
function giveKeysOfModels(target: BundledFunction, models: Readonly<Record<string, ModelSettings>>): void {
  for (const { arns } of secretPlaces(target, Object.values(models)))
    giveDecrypt(target, 'secretsmanager', arns)
}

/** All grants of these modes of these ports, as their adapters declare them. */
export const grantsOfPorts = (ports: PortModes): readonly Grant[] =>
  (Object.keys(ports) as PortName[]).flatMap((name) => grantsOfModes(PORTS[name], ports[name] ?? []))

/** A resource may be several ARNs, or none: as many as the stage configures. */
function placesOf(scope: Construct, on: Resource, context: Context): readonly Place[] {
  if (on.kind === 'models' || on.kind === 'model-secrets')
    return modelPlacesOf(scope, on, Object.values(context.models ?? {}))
  return [placeOf(scope, on, context)]
}

const modelPlacesOf = (scope: Construct, on: Resource, models: readonly ModelSettings[]): readonly Place[] =>
  on.kind === 'models' ? modelPlaces(scope, models) : secretPlaces(scope, models)

type AnchorKind = 'anchors' | 'anchor-listing' | 'anchor-key'

function placeOfAnchors(kind: AnchorKind, { anchors }: DataStack): Place {
  if (!anchors) throw new Error('grants on anchors are given in a stage with auditAnchorDays only')
  if (kind === 'anchor-key') return { arns: [anchors.key.keyArn] }
  return { arns: [kind === 'anchors' ? anchors.bucket.arnForObjects('*') : anchors.bucket.bucketArn] }
}

type Single = Exclude<Resource, { kind: 'models' } | { kind: 'model-secrets' }>

/** The condition that a request names only such items. */
export const leadingKeys = ({
  keys = [],
  only = [],
}: Pick<Resource & { kind: 'table' }, 'keys' | 'only'>) => ({
  'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': [...keys.map((prefix) => `${prefix}*`), ...only] },
})

function placeOf(target: Construct, on: Single, context: Context): Place {
  const { stage, data, name, machineRole } = context
  switch (on.kind) {
    case 'table': {
      const { tableArn } = data[on.table]
      if (on.index !== undefined) return { arns: [`${tableArn}/index/${on.index}`] }
      return on.keys === undefined && on.only === undefined
        ? { arns: [tableArn] }
        : { arns: [tableArn], conditions: leadingKeys(on) }
    }
    case 'objects':
      return { arns: [data.bucket.arnForObjects(`${on.prefix}*`)] }
    case 'listing':
      // This condition would not match a read of a missing object, which has no prefix: S3 still answers it with 403.
      return {
        arns: [data.bucket.bucketArn],
        conditions: { StringLike: { 's3:prefix': [`${on.prefix}*`] } },
      }
    case 'bus':
      return { arns: [data.bus.eventBusArn] }
    case 'machines':
      return { arns: [statesArn(target, stage, 'stateMachine', '*')] }
    case 'executions':
      return { arns: [statesArn(target, stage, 'execution', '*:*')] }
    case 'function-logs':
      return { arns: [logGroupArn(target, `/aws/lambda/${stage.prefix}-*`)] }
    case 'anchors':
    case 'anchor-listing':
    case 'anchor-key':
      return placeOfAnchors(on.kind, data)
    case 'messages-queue':
      return { arns: [messagesQueueArn(target, stage)] }
    case 'agent-functions':
      return { arns: [agentFunctionArn(target, stage, '*')] }
    case 'audit-writer':
      return { arns: [ownFunctionArn(target, stage, 'audit')] }
    case 'itself':
      return { arns: [ownFunctionArn(target, stage, name)] }
    case 'machine-role':
      if (!machineRole) throw new Error(`${name} creates state machines, and is given no role for them`)
      return {
        arns: [machineRole.roleArn],
        conditions: { StringEquals: { 'iam:PassedToService': 'states.amazonaws.com' } },
      }
  }
}
