/**
 * What happens when the stacks are destroyed.
 *
 * Invariants (tests cite them):
 * removal/R1 nothing gets new work: agents and workflows are retired, also those that callers have published
 * removal/R2 every machine goes with what runs on it, for the functions that it calls go as well; what stays are the records, and that of
 *    each version says that its machine is gone
 * removal/R3 a removal that was cut short is finished by the next: each machine is noted before its workflow is retired, and forgotten
 *    when it is gone
 */
import { machineArnOf } from '../../domain/execution-arn.ts'
import { dayOf } from '../../domain/times.ts'
import type { CollectableMachine, Ports, RegisteredWorkflow } from '../../ports/index.ts'
import { partNames } from '../machines/ensure-machine.ts'
import { registerDeployment } from './register-deployment.ts'

type Needs = Pick<
  Ports,
  'agents' | 'workflows' | 'collectables' | 'tasks' | 'plans' | 'steps' | 'machines' | 'clock'
>

/** Safe to repeat. Throws UnavailableError when it is to go on later (removal/R3). */
export const removeDeployment = (ports: Needs) => async (): Promise<{ machines: number }> => {
  const { workflows, collectables, machines, tasks, clock } = ports
  const usedOn = dayOf(clock.now())
  const active = await workflows.listWorkflows({ fresh: true })
  const [published, deployed] = [true, false].map((byCaller) =>
    active.filter(({ origin }) => (origin === 'api') === byCaller),
  ) as [RegisteredWorkflow[], RegisteredWorkflow[]]
  // Nobody is asked whether a task is bound to an agent: they all go.
  const idle = { ...tasks, listOpenTasks: async () => [] }
  await registerDeployment({ ...ports, tasks: idle })({ agents: [], workflows: [] })
  const ours = deployed.map(({ workflow: { name }, parts = 0 }) => ({ name, parts, usedOn }))
  const theirs: CollectableMachine[] = []
  for (const workflow of published) theirs.push(...(await retirePublished(ports, workflow, usedOn)))
  // What has just been noted may not be in the list yet.
  const noted = [...(await collectables.listMachines()), ...ours, ...theirs]
  const all = new Map(noted.map((machine) => [machine.name, machine]))
  for (const { name, parts } of all.values()) {
    // A machine of a deployment has its workflow's name; the others have no versions under theirs.
    const versions = await workflows.listVersions(name)
    for (const version of versions) await retireVersion(ports, version)
    for (const each of [name, ...partNames(name, parts)]) await machines.remove(each, { evenBusy: true })
    await collectables.forgetMachine(name)
  }
  return { machines: all.size }
}

/** The machines of every version that was published at run time, by their ARNs: noted, and their workflow retired. */
async function retirePublished(
  { workflows, collectables }: Pick<Needs, 'workflows' | 'collectables'>,
  published: RegisteredWorkflow,
  usedOn: string,
): Promise<CollectableMachine[]> {
  const versions = await workflows.listVersions(published.workflow.name)
  const machines = versions.map(({ stateMachineArn, parts = 0 }) => {
    return { name: machineArnOf(stateMachineArn), parts, usedOn }
  })
  for (const machine of machines) await collectables.useMachine(machine)
  // The newest last: until then the workflow is listed, and the next removal finds it (removal/R3).
  for (const version of versions) await retireVersion({ workflows }, version)
  await workflows.putWorkflow(asGone(published))
  return machines
}

/** A version that was never finished stays as it is. */
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
