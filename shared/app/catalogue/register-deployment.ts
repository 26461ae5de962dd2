/**
 * Invariants (tests cite them):
 * deployment/D1 agents and workflows of a deployment are active; those of an earlier deployment that are missing from it get no new work
 * deployment/D2 an agent is removed only when no open task is bound to it: otherwise the deployment is refused without any change
 * deployment/D3 a workflow's record names an immutable machine version, so that a task runs exactly what was planned
 * deployment/D4 an interrupted registration is completed by the next; what it has published is not published again
 * deployment/D5 a version of a workflow never changes: content that differs from the stored version gets the next one, also when its author
 *    has not counted it up, and content that was deployed before gets its former one again (a rollback)
 * deployment/D6 a new version is stored by a conditional write: when a caller or another deployment has taken its number meanwhile, the
 *    version is chosen again
 * deployment/D7 a workflow whose shared state the values of tasks that run do not fit is refused before anything is changed (unfit/G1)
 */
import type { Agent, AgentManifest } from '../../domain/agent.ts'
import type { Elsewhere } from '../../domain/elsewhere/place.ts'
import { OrchestratorError } from '../../domain/errors.ts'
import { dayOf } from '../../domain/times.ts'
import type { Ports, RegisteredWorkflow } from '../../ports/index.ts'
import type { Workflow } from '../../workflow/schema.ts'
import { partNames } from '../machines/ensure-machine.ts'
import { refuseUnfitState, type UnfitNeeds } from './refuse-unfit-state.ts'
import { hasSameContent } from './same-content.ts'
import { tasksBoundTo } from './tasks-bound-to.ts'

export type Deployment = {
  agents: { manifest: AgentManifest; functionArn: string; elsewhere?: Elsewhere }[]
  workflows: Omit<RegisteredWorkflow, 'registeredAt' | 'active' | 'origin'>[]
}
type Needs = Pick<
  Ports,
  'agents' | 'workflows' | 'collectables' | 'tasks' | 'plans' | 'steps' | 'machines' | 'clock'
> &
  UnfitNeeds & {
    /** Waits until caches and secondary indexes show the change. */
    untilHeard?: () => Promise<void>
  }

/** Concurrent writes to the registry. */
const AT_ONCE = 20
/** Each try that fails means that another writer has published a version of the same name meanwhile. */
const MOST_TRIES = 20

/** Makes the registry match this deployment. Idempotent. Throws ConflictError (deployment/D2, deployment/D7). */
export const registerDeployment =
  (ports: Needs) =>
  async (
    deployment: Deployment,
  ): Promise<{ agents: number; workflows: number; retired: string[]; versions: string[] }> => {
    await refuseUnfit(ports, deployment.workflows)
    const agents = await replaceAgents(ports, deployment.agents)
    const workflows = await replaceWorkflows(ports, deployment.workflows)
    return {
      agents: deployment.agents.length,
      workflows: deployment.workflows.length,
      retired: [...agents.gone, ...workflows.gone],
      versions: [...agents.versions, ...workflows.versions],
    }
  }

/** deployment/D7 */
async function refuseUnfit(ports: Needs, brought: Deployment['workflows']): Promise<void> {
  const stated = brought.filter(({ workflow }) => workflow.state !== undefined)
  if (stated.length === 0) return
  const served = await ports.workflows.listWorkflows({ fresh: true })
  const before = new Map(
    served.filter(({ origin }) => origin !== 'api').map(({ workflow }) => [workflow.name, workflow]),
  )
  await refuseUnfitState(
    ports,
    stated.map(({ workflow }) => ({ workflow, before: before.get(workflow.name) })),
  )
}

/** What is gone, and the versions that are new, as lines: `agent echo: version 1.1.0 (was 1.0.0)`. */
type Replaced = { gone: string[]; versions: string[] }

async function replaceAgents(ports: Needs, brought: Deployment['agents']): Promise<Replaced> {
  const { agents, clock } = ports
  const registeredAt = clock.now().toISOString()
  const deployed = brought.map(({ manifest, functionArn, elsewhere }): Agent => {
    const status = manifest.deprecated ? 'deprecated' : 'active'
    const place = elsewhere ? { elsewhere } : {}
    return { ...manifest, functionArn, ...place, status, origin: 'deployment', registeredAt }
  })
  const before = await agents.listAgents({ fresh: true })
  const gone = before.filter(({ id, origin, status }) => {
    return origin === 'deployment' && status !== 'inactive' && !deployed.some((agent) => agent.id === id)
  })
  // First no new step is bound to these agents; only then is it checked which open tasks are still bound to them.
  await Promise.all(gone.map((agent) => agents.putAgent({ ...agent, status: 'inactive' })))
  if (gone.length > 0) await ports.untilHeard?.()
  const bound = gone.length > 0 ? await tasksBoundTo(ports, new Set(gone.map(({ id }) => id))) : []
  if (bound.length > 0) {
    await Promise.all(gone.map((agent) => agents.putAgent(agent)))
    throw stillBound(bound)
  }
  await Promise.all(deployed.map((agent) => agents.putAgent(agent)))
  const known = new Map(
    before.map(({ id, status, version }) => [id, status === 'inactive' ? undefined : version]),
  )
  return {
    gone: gone.map(({ id }) => id),
    versions: deployed.flatMap(({ id, version }) => versionLine(`agent ${id}`, version, known.get(id))),
  }
}

function stillBound(bound: readonly { taskId: string; agentId: string }[]): OrchestratorError {
  const agents = [...new Set(bound.map(({ agentId }) => agentId))]
  const tasks = bound.map(({ taskId }) => taskId)
  const message =
    `${agents.join(', ')}: removed, and still bound to ${tasks.slice(0, 5).join(', ')}${tasks.length > 5 ? ' and more' : ''}. ` +
    'Deploy with "deprecated: true" in the agent first, and remove it when these tasks have ended or are cancelled'
  return new OrchestratorError('ConflictError', message)
}

/** Empty where the version is the one before. */
function versionLine(what: string, version: string | number, was: string | number | undefined): string[] {
  if (version === was) return []
  return [`${what}: version ${version} (${was === undefined ? 'new' : `was ${was}`})`]
}

async function replaceWorkflows(ports: Needs, brought: Deployment['workflows']): Promise<Replaced> {
  const { workflows, collectables, clock } = ports
  const before = (await workflows.listWorkflows({ fresh: true })).filter(({ origin }) => origin !== 'api')
  const usedOn = dayOf(clock.now())
  const known = new Map(before.map((registered) => [registered.workflow.name, registered]))
  // Sequential: Step Functions publishes one version a second once its token bucket is empty (deployment/D4).
  const versions: string[] = []
  for (const one of brought) {
    const was = known.get(one.workflow.name)
    const version = await publishOne(ports, one, was)
    versions.push(...versionLine(`workflow ${one.workflow.name}`, version, was?.workflow.version))
  }
  const names = new Set(brought.map(({ workflow }) => workflow.name))
  const gone = before.filter(({ workflow }) => !names.has(workflow.name))
  await inGroups(gone, async (registered) => {
    const { workflow, parts = 0 } = registered
    // The machine stays for its running executions and is collected later. Recorded first, because unlisted workflows are not looked up
    // again.
    await collectables.useMachine({ name: workflow.name, parts, usedOn })
    await workflows.putWorkflow({ ...registered, active: false })
  })
  return { gone: gone.map(({ workflow }) => workflow.name), versions }
}

/** Returns the version that is in service now. */
async function publishOne(
  { workflows, collectables, machines, clock }: Needs,
  one: Deployment['workflows'][number],
  before: RegisteredWorkflow | undefined,
): Promise<number> {
  const { name } = one.workflow
  const stateMachineArn = await machines.publish(one.stateMachineArn, before?.stateMachineArn)
  const registeredAt = clock.now().toISOString()
  const version = await storeVersion(
    workflows,
    { ...one, stateMachineArn, registeredAt, active: true, origin: 'deployment' },
    before?.workflow,
  )
  // Machines of removed parts stay for their running executions, like those of removed workflows.
  const parts = one.parts ?? 0
  const left = partNames(name, before?.parts ?? 0).slice(parts)
  const usedOn = dayOf(clock.now())
  await Promise.all([
    ...left.map((part) => collectables.useMachine({ name: part, parts: 0, usedOn })),
    // Machines in use again are taken off the list of collectables.
    ...[name, ...partNames(name, parts)].map((machine) => collectables.forgetMachine(machine)),
  ])
  return version
}

/** Returns the version (deployment/D5, deployment/D6). Throws UnavailableError when other writers take every number that is tried. */
async function storeVersion(
  workflows: Ports['workflows'],
  brought: RegisteredWorkflow,
  before: Workflow | undefined,
): Promise<number> {
  const { workflow } = brought
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const { version, isStored } = await versionOf(workflows, workflow, before)
    const registered = { ...brought, workflow: { ...workflow, version } }
    // Equal content is stored under this number already, so only its machine and its origin may change.
    if (isStored) {
      await workflows.putWorkflow(registered)
      return version
    }
    if (await workflows.publishWorkflow(registered)) return version
  }
  const message = `workflow "${workflow.name}": other writers published ${MOST_TRIES} versions of it meanwhile; deploy again`
  throw new OrchestratorError('UnavailableError', message)
}

async function versionOf(
  workflows: Ports['workflows'],
  brought: Workflow,
  before: Workflow | undefined,
): Promise<{ version: number; isStored: boolean }> {
  const { name, version } = brought
  if (before && version <= before.version && hasSameContent(brought, before))
    return { version: before.version, isStored: true }
  const stored = (await workflows.listVersions(name)).map((one) => one.workflow)
  const declared = stored.find((one) => one.version === version)
  if (!declared) return { version, isStored: false }
  if (hasSameContent(brought, declared)) return { version, isStored: true }
  const former = stored.findLast((one) => hasSameContent(brought, one))
  if (former) return { version: former.version, isStored: true }
  return { version: 1 + Math.max(...stored.map((one) => one.version)), isStored: false }
}

async function inGroups<T>(all: readonly T[], work: (one: T) => Promise<void>): Promise<void> {
  for (let from = 0; from < all.length; from += AT_ONCE)
    await Promise.all(all.slice(from, from + AT_ONCE).map(work))
}
