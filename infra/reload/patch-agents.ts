import type { AgentManifest } from '../../shared/domain/agent.ts'
import { agentFunctionSettings } from '../agent-function.ts'
import type { Catalogue } from '../catalogue.ts'
import type { AssemblyFiles, Fields, Resource, Template, Value } from './assembly-files.ts'
import { NotLive } from './not-live.ts'

type Found = { template: Template; logicalId: string; resource: Resource }
type Patch = {
  prefix: string
  agents: Catalogue['agents']
  /** Asset keys of the bundles that are new since the assembly, by agent. */
  bundles: ReadonlyMap<string, string>
  hasSameNeeds: (id: string, manifest: AgentManifest) => boolean
}

/** Changes the templates to what a synthesis of these agents would give. Returns the template value for the ARN of each new function. */
export function patchAgents(
  files: AssemblyFiles,
  { prefix, agents, bundles, hasSameNeeds }: Patch,
): Map<string, Value> {
  const deployed = agentFunctionsIn(files, prefix)
  const added = new Map<string, Value>()
  for (const { manifest } of agents) {
    let found = deployed.get(manifest.id)
    if (!found) {
      const alike = new Map([...deployed].filter(([id]) => hasSameNeeds(id, manifest)))
      found = addAgent(files.runtime, prefix, manifest.id, alike)
      added.set(manifest.id, { 'Fn::GetAtt': [found.logicalId, 'Arn'] })
    }
    const { description, timeoutSeconds, memoryMb } = agentFunctionSettings(manifest)
    const { Properties } = found.resource
    Object.assign(Properties, { Description: description, Timeout: timeoutSeconds, MemorySize: memoryMb })
    const key = bundles.get(manifest.id)
    if (key !== undefined) Properties.Code = { ...(Properties.Code as Fields), S3Key: key }
  }
  const kept = new Set(agents.map(({ manifest }) => manifest.id))
  for (const [id, found] of deployed) if (!kept.has(id)) removeAgent(found)
  return added
}

function agentFunctionsIn({ templates }: AssemblyFiles, prefix: string): Map<string, Found> {
  const found = new Map<string, Found>()
  for (const template of templates) {
    for (const [logicalId, resource] of Object.entries(template.Resources)) {
      const id = agentOf(resource, prefix)
      if (id !== undefined) found.set(id, { template, logicalId, resource })
    }
  }
  return found
}

/** The name of a function in a nested stack ends in the stack's number. */
function agentOf({ Type, Properties }: Resource, prefix: string): string | undefined {
  const start = `${prefix}-agent-`
  const name = Properties?.FunctionName
  if (Type !== 'AWS::Lambda::Function' || typeof name !== 'string' || !name.startsWith(start))
    return undefined
  return name.slice(start.length).replace(/_\d+$/, '')
}

/** All agents have the same role, grants and variables: a new agent's resources are copies of another's, renamed. */
function addAgent(
  template: Template,
  prefix: string,
  id: string,
  deployed: ReadonlyMap<string, Found>,
): Found {
  const [model] = [...deployed].filter(([, found]) => found.template === template)
  if (!model) throw new NotLive(`agent ${id}: there is no other agent whose grants it could have`)
  const [modelId, { logicalId }] = model
  const parts = partsOf(template, logicalId)
  const names: [string, string][] = [
    ...parts.map((part): [string, string] => [part, `Live-${id}-${part}`]),
    [`agent-${modelId}`, `agent-${id}`],
    [`${prefix}-agent-${modelId}`, `${prefix}-agent-${id}`],
    [`/aws/lambda/${prefix}-agent-${modelId}`, `/aws/lambda/${prefix}-agent-${id}`],
  ]
  const renamed = new Map(names)
  for (const part of parts) {
    const resource = rename(template.Resources[part] as unknown as Value, renamed) as unknown as Resource
    template.Resources[renamed.get(part) ?? part] = resource
  }
  const own = renamed.get(logicalId) ?? logicalId
  return { template, logicalId: own, resource: template.Resources[own] as Resource }
}

function removeAgent({ template, logicalId }: Found): void {
  const parts = partsOf(template, logicalId)
  const rest = Object.fromEntries(Object.entries(template.Resources).filter(([id]) => !parts.includes(id)))
  // The registration is written anew; any other resource that refers to the function would have a dangling reference.
  const others = Object.values(rest).filter(({ Type }) => !Type.startsWith('Custom::'))
  const text = JSON.stringify({ ...template, Resources: others })
  if (!parts.some((part) => text.includes(`"${part}"`))) template.Resources = rest
}

/** The logical ids of a function, its role, that role's policies, and its log group. */
function partsOf({ Resources }: Template, logicalId: string): string[] {
  const { Role, LoggingConfig } = (Resources[logicalId]?.Properties ?? {}) as {
    Role?: { 'Fn::GetAtt'?: string[] }
    LoggingConfig?: { LogGroup?: { Ref?: string } }
  }
  const role = Role?.['Fn::GetAtt']?.[0]
  const logs = LoggingConfig?.LogGroup?.Ref
  const policies = Object.entries(Resources).filter(([, { Type, Properties }]) => {
    return Type === 'AWS::IAM::Policy' && JSON.stringify(Properties.Roles).includes(`"${role}"`)
  })
  return [logicalId, role, logs, ...policies.map(([id]) => id)].filter((id) => id !== undefined)
}

function rename(value: Value, names: ReadonlyMap<string, string>): Value {
  if (typeof value === 'string') return names.get(value) ?? value
  if (Array.isArray(value)) return value.map((member) => rename(member, names))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, rename(member, names)]))
}
