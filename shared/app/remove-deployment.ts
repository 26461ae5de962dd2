import { machineArnOf } from '../domain/execution-arn.ts'
import type { Ports, Registry } from '../ports/index.ts'
import { partNames } from './ensure-machine.ts'
import { registerDeployment } from './register-deployment.ts'

/**
 * When the stacks are destroyed: nothing of theirs gets new work, and every machine goes with what runs on it, for the functions
 * that it calls go as well. What stays are the records. Safe to repeat: each machine is forgotten when it is gone.
 */
export const removeDeployment =
  (ports: Pick<Ports, 'registry' | 'tasks' | 'machines' | 'clock'>) =>
  async (): Promise<{ machines: number }> => {
    const { registry, machines, tasks } = ports
    // Before anything is noted: lists are behind.
    const workflows = (await registry.listWorkflows({ fresh: true })).filter(({ origin }) => origin !== 'api')
    const ours = workflows.map(({ workflow: { name }, parts = 0 }) => ({ name, parts }))
    const published = await publishedMachines(registry)
    // Nobody is asked whether a task is bound to an agent: they all go.
    const idle = { ...tasks, listOpenTasks: async () => [] }
    await registerDeployment({ ...ports, tasks: idle })({ agents: [], workflows: [] })
    const all = new Map(
      [...(await registry.listMachines()), ...ours, ...published].map((machine) => [machine.name, machine]),
    )
    for (const { name, parts } of all.values()) {
      for (const each of [name, ...partNames(name, parts)]) await machines.remove(each, { evenBusy: true })
      await registry.forgetMachine(name)
    }
    return { machines: all.size }
  }

/** Those of every version that was published at run time, by their ARNs. */
async function publishedMachines(registry: Registry): Promise<{ name: string; parts: number }[]> {
  const published = (await registry.listWorkflows({ fresh: true })).filter(({ origin }) => origin === 'api')
  const found = published.flatMap(({ workflow: { name, version } }) =>
    Array.from({ length: version }, (_, at) => registry.findWorkflow(name, at + 1)),
  )
  return (await Promise.all(found)).flatMap((one) =>
    one ? [{ name: machineArnOf(one.stateMachineArn), parts: one.parts ?? 0 }] : [],
  )
}
