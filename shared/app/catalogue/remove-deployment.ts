/**
 * Retires everything when the stacks are destroyed.
 *
 * Invariants (tests cite them):
 * removal/R1 all agents and workflows are retired, including those that callers have published
 * removal/R2 every machine is deleted with its running executions, since the functions that they call are deleted as well; the records
 *    stay, and that of each version says that its machine is gone
 * removal/R3 an interrupted removal is completed by the next: each machine is recorded before its workflow is retired, and forgotten once
 *    it is deleted
 */
import { machineArnOf } from '../../domain/execution-arn.ts'
import { registryName } from '../../domain/tenants.ts'
import { dayOf } from '../../domain/times.ts'
import type { CollectableMachine, Ports, RegisteredWorkflow } from '../../ports/index.ts'
import { partNames } from '../machines/ensure-machine.ts'
import { registerDeployment } from './register-deployment.ts'

type Needs = Pick<
  Ports,
  | 'agents'
  | 'workflows'
  | 'collectables'
  | 'tasks'
  | 'plans'
  | 'steps'
  | 'values'
  | 'sharedState'
  | 'machines'
  | 'clock'
>

/** Idempotent. Throws UnavailableError when it must be called again to continue (removal/R3). */
export const removeDeployment = (ports: Needs) => async (): Promise<{ machines: number }> => {
  const { workflows, collectables, machines, tasks, clock } = ports
  const usedOn = dayOf(clock.now())
  const active = await workflows.listWorkflows({ fresh: true })
  const [published, deployed] = [true, false].map((byCaller) =>
    active.filter(({ origin }) => (origin === 'api') === byCaller),
  ) as [RegisteredWorkflow[], RegisteredWorkflow[]]
  // Open tasks do not keep an agent: all agents are removed.
  const idle = { ...tasks, listOpenTasks: async () => [] }
  await registerDeployment({ ...ports, tasks: idle })({ agents: [], workflows: [] })
  const ours = deployed.map(({ workflow: { name }, parts = 0 }) => ({ name, parts, usedOn }))
  const theirs: CollectableMachine[] = []
  for (const workflow of published) theirs.push(...(await retirePublished(ports, workflow, usedOn)))
  // Machines that were just recorded may not be in the list yet.
  const noted = [...(await collectables.listMachines()), ...ours, ...theirs]
  const all = new Map(noted.map((machine) => [machine.name, machine]))
  for (const { name, parts } of all.values()) {
    // A deployed machine is named after its workflow; the names of other machines have no versions.
    const versions = await workflows.listVersions(name)
    for (const version of versions) await retireVersion(ports, version)
    for (const each of [name, ...partNames(name, parts)]) await machines.remove(each, { evenBusy: true })
    await collectables.forgetMachine(name)
  }
  return { machines: all.size }
}

/** Records the machine of every version published at run time, and retires the workflow; returns the machines' ARNs. */
async function retirePublished(
  { workflows, collectables }: Pick<Needs, 'workflows' | 'collectables'>,
  published: RegisteredWorkflow,
  usedOn: string,
): Promise<CollectableMachine[]> {
  const versions = await workflows.listVersions(registryName(published))
  const machines = versions.map(({ stateMachineArn, parts = 0 }) => {
    return { name: machineArnOf(stateMachineArn), parts, usedOn }
  })
  for (const machine of machines) await collectables.useMachine(machine)
  // The newest version is retired last: until then the workflow is listed, so that another removal finds it (removal/R3).
  for (const version of versions) await retireVersion({ workflows }, version)
  await workflows.putWorkflow(asGone(published))
  return machines
}

/** A version whose publication never completed stays as it is. */
async function retireVersion(
  { workflows }: Pick<Needs, 'workflows'>,
  version: RegisteredWorkflow,
): Promise<void> {
  if (version.gone || version.pending) return
  await workflows.putWorkflow(asGone(version), { latest: false })
}

const asGone = (version: RegisteredWorkflow): RegisteredWorkflow => ({
  ...version,
  active: false,
  gone: true,
})
