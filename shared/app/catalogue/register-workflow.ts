/**
 * Publishes a version of a workflow at run time.
 *
 * Invariants (tests cite them):
 * publish/V1 a published version is immutable: publishing the same content again is a no-op, other content is refused
 * publish/V2 the machine exists before a task can be submitted to the version
 * publish/V3 the record is written before the machine is created, so that no machine is without a record after a failure; a repeat
 *    completes an interrupted publication
 * publish/V4 a version whose machine was deleted with the stacks is restored by publishing it again, even if later versions exist
 * publish/V5 a name that a deployment serves belongs to it: callers publish no version of it, also when the deployment comes meanwhile
 * publish/V6 what a caller publishes is its tenant's. A tenant that has published a name before a deployment brought it keeps it, and publishes
 *    further versions; in the tenant `default` the deployment takes the name, as it did before there were tenants
 */

import { type Compiled, compileWorkflow } from '../../compiler/index.ts'
import type { WorkflowView } from '../../contracts/workflow-views.ts'
import { type Caller, DEFAULT_TENANT } from '../../domain/caller.ts'
import { OrchestratorError } from '../../domain/errors.ts'
import { isOwn, qualifiedName, registryName } from '../../domain/tenants.ts'
import type { Ports, RegisteredWorkflow } from '../../ports/index.ts'
import type { Workflow } from '../../workflow/schema.ts'
import { suspendsOf } from '../../workflow/suspends-of.ts'
import { versionsOfChildren } from '../choice/versions-of-children.ts'
import { digestOfMachine, ensureMachine, partNames } from '../machines/ensure-machine.ts'
import { parseWorkflow } from '../planning/given-workflow.ts'
import { withPlace } from '../quotas/registered-quota.ts'
import { wholeOf, withinTenant } from '../tenants/within-tenant.ts'
import { workflowView } from './read-workflows.ts'
import { refuseUnfitState, type UnfitNeeds } from './refuse-unfit-state.ts'
import { hasSameContent } from './same-content.ts'

type Needs = Pick<Ports, 'agents' | 'workflows' | 'machines' | 'ids' | 'clock'> &
  UnfitNeeds &
  Partial<Pick<Ports, 'quotas' | 'limits'>>
type Own = Needs & { tenant: string }

/** What the tenant itself has published under this name; of `default` also what a deployment has brought. */
const findOwn = ({ workflows, tenant }: Own, name: string, version?: number) =>
  wholeOf(workflows).findWorkflow(qualifiedName(tenant, name), version)

/** Throws InvalidWorkflowError with every issue, InvalidInputError, ConflictError, QuotaExceededError. */
export const registerWorkflow =
  (all: Needs) =>
  async (
    {
      name,
      workflow: given,
      lenient = false,
    }: { name: string; workflow: unknown; lenient?: boolean | undefined },
    { tenant }: Caller,
  ): Promise<WorkflowView> => {
    const ports = { ...withinTenant(all, tenant), tenant }
    const { workflows } = ports
    const { workflow } = await parseWorkflow(ports, given, { lenient })
    if (workflow.name !== name) {
      const message = `the workflow is called "${workflow.name}", and the address says "${name}": make them the same`
      throw new OrchestratorError('InvalidInputError', message)
    }
    const suspends = suspendsOf(await ports.agents.listAgents())
    const compiled = compileWorkflow(workflow, { suspends })
    // A recursive workflow cannot find itself when its first version is registered.
    await versionsOfChildren(workflows, workflow)
    const [published, newest, listed] = await Promise.all([
      findOwn(ports, name, workflow.version),
      findOwn(ports, name),
      workflows.listWorkflows({ fresh: true }),
    ])
    const before = published && sameVersion(published, workflow, newest)
    if (before?.active) {
      // The name may not point to this version yet. For deployed workflows the deployment decides which version is the latest.
      if (before.origin === 'api' && isNewer(workflow, newest)) await workflows.putWorkflow(before)
      return workflowView(before)
    }
    requireOwn(workflow, newest?.active ? newest : await workflows.findWorkflow(name))
    // Inactive: the stacks were destroyed meanwhile, and the version is restored; or its publication was interrupted, and a later version
    // may
    // have been published first.
    const served = before !== undefined && !before.pending
    if (!served) requireNewer(workflow, newest)
    requireUnclaimed(workflow, listed)
    await refuseUnfitState(ports, [{ workflow, before: newest?.workflow, tenant }])
    const registered = describeRegistered(ports, workflow, compiled)
    const publish = async (): Promise<void> => {
      if (before || (await workflows.publishWorkflow({ ...registered, active: false, pending: true }))) return
      const winner = await findOwn(ports, name, workflow.version)
      if (winner) sameVersion(winner, workflow, newest)
    }
    const names = async () =>
      listed
        .filter((one) => isOwn({ name: registryName(one), origin: one.origin }, tenant))
        .map((one) => one.workflow.name)
    await withPlace(ports, { tenant, quota: 'workflows', name, registered: names }, publish)
    await ensureMachine(ports, machineNameOf(ports, workflow, compiled), compiled)
    // A restored version does not replace a later active one as the latest.
    const latest = !newest?.active || newest.workflow.version <= workflow.version
    if (!(await workflows.putWorkflow(registered, { latest })))
      return workflowView(await deployedMeanwhile(ports, workflow))
    await leaveToDeployment(ports, registered)
    return workflowView(registered)
  }

/** The version that a deployment has stored meanwhile. Throws ConflictError when its content is another. */
async function deployedMeanwhile(ports: Own, workflow: Workflow): Promise<RegisteredWorkflow> {
  const deployed = await findOwn(ports, workflow.name, workflow.version)
  if (deployed) return sameVersion(deployed, workflow, deployed)
  throw belongsToDeployment(workflow.name)
}

/**
 * Takes the version back where a deployment has brought the name meanwhile, under another number: its next one, because this one was begun
 * already (publish/V5). What is deployed after this look was published first, and stays.
 */
async function leaveToDeployment(ports: Own, registered: RegisteredWorkflow): Promise<void> {
  const { workflows } = ports
  const { name } = registered.workflow
  const newest = await findOwn(ports, name)
  if (!newest?.active || newest.origin !== 'deployment') return
  await workflows.putWorkflow({ ...registered, active: false, pending: true }, { latest: false })
  throw belongsToDeployment(name)
}

function requireOwn({ name }: Workflow, newest: RegisteredWorkflow | undefined): void {
  if (newest?.active && newest.origin === 'deployment') throw belongsToDeployment(name)
}

function belongsToDeployment(name: string): OrchestratorError {
  const message = `"${name}" is a deployed workflow, which the next deployment would put back: change it in workflows/ and deploy, or publish this under another name`
  return new OrchestratorError('ConflictError', message)
}

/**
 * Derived from the content, so that concurrent publications of one version with different content have different machines. 64 bits of the digest: a machine of
 * this name is taken to be equal, and nobody may find content that has the name of another tenant's.
 */
function machineNameOf(ports: Own, { name, version }: Workflow, compiled: Compiled): string {
  const digest = BigInt(`0x${digestOfMachine(ports, compiled, ports.tenant).slice(0, 16)}`)
  return `${name}-v${version}-${digest.toString(36).padStart(13, '0')}`
}

/** Throws InvalidInputError for a name that is too long for its machine, or for one of its parts. */
function describeRegistered(ports: Own, workflow: Workflow, compiled: Compiled): RegisteredWorkflow {
  const { machines, clock, tenant } = ports
  const name = machineNameOf(ports, workflow, compiled)
  for (const part of partNames(name, compiled.parts.length)) machines.arnOf(part)
  return {
    workflow,
    ...(tenant === DEFAULT_TENANT ? {} : { tenant }),
    stateMachineArn: machines.arnOf(name),
    gates: compiled.gates,
    ...(compiled.suspending ? { suspending: compiled.suspending } : {}),
    parts: compiled.parts.length,
    registeredAt: clock.now().toISOString(),
    active: true,
    origin: 'api',
  }
}

/** Throws ConflictError for other content: it goes under another number, or under another name where the name is a deployment's. */
function sameVersion(
  published: RegisteredWorkflow,
  workflow: Workflow,
  newest: RegisteredWorkflow | undefined,
): RegisteredWorkflow {
  if (hasSameContent(workflow, published.workflow)) return published
  requireOwn(workflow, newest)
  const next = (newest?.workflow.version ?? workflow.version) + 1
  const message = `version ${workflow.version} of "${workflow.name}" is published and does not change; publish this as version ${next}`
  throw new OrchestratorError('ConflictError', message)
}

const isNewer = ({ version }: Pick<Workflow, 'version'>, newest: RegisteredWorkflow | undefined): boolean =>
  !newest || newest.workflow.version < version

function requireNewer({ name, version }: Workflow, newest: RegisteredWorkflow | undefined): void {
  if (!newest || isNewer({ version }, newest)) return
  const message = `"${name}" is at version ${newest.workflow.version} already; publish this as version ${newest.workflow.version + 1}`
  throw new OrchestratorError('ConflictError', message)
}

/** Throws when another workflow claims one of the task types: the type would be ambiguous. */
function requireUnclaimed({ name, taskTypes }: Workflow, all: readonly RegisteredWorkflow[]): void {
  const own = [name, ...taskTypes]
  for (const { workflow } of all.filter((other) => other.workflow.name !== name)) {
    const claimed = [workflow.name, ...workflow.taskTypes].find((claim) => own.includes(claim))
    if (claimed === undefined) continue
    const message = `"${claimed}" is claimed by workflow "${workflow.name}" already; choose another name or task type`
    throw new OrchestratorError('ConflictError', message)
  }
}
