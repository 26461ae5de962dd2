/**
 * Invariants (tests cite them):
 * D1 what a deployment brings is active; what an earlier one brought and this one has not gets no new work
 * D2 an agent goes only when no open task is bound to it: else the deployment is refused, and nothing has changed
 * D3 a workflow's record names a machine that stays as it is: whoever plans from it runs what was planned
 */
import type { Agent, AgentManifest } from '../domain/agent.ts'
import { OrchestratorError } from '../domain/errors.ts'
import { dayOf } from '../domain/times.ts'
import type { Ports, RegisteredWorkflow } from '../ports/index.ts'
import { partNames } from './ensure-machine.ts'
import { tasksBoundTo } from './tasks-bound-to.ts'

export type Deployment = {
  agents: { manifest: AgentManifest; functionArn: string }[]
  workflows: Omit<RegisteredWorkflow, 'registeredAt' | 'active' | 'origin'>[]
}
type Needs = Pick<Ports, 'registry' | 'tasks' | 'machines' | 'clock'> & {
  /** Until lists that others hold, and indexes, have heard of it. */
  untilHeard?: () => Promise<void>
}

/** Machines that are published at once: Step Functions takes few such calls a second. */
const AT_ONCE = 5

/** Makes the registry say what this deployment brought. Safe to repeat. Throws ConflictError (D2). */
export const registerDeployment =
  (ports: Needs) =>
  async (deployment: Deployment): Promise<{ agents: number; workflows: number; retired: string[] }> => {
    const agents = await replaceAgents(ports, deployment.agents)
    const workflows = await replaceWorkflows(ports, deployment.workflows)
    return {
      agents: deployment.agents.length,
      workflows: deployment.workflows.length,
      retired: [...agents, ...workflows],
    }
  }

async function replaceAgents(ports: Needs, brought: Deployment['agents']): Promise<string[]> {
  const { registry, clock } = ports
  const registeredAt = clock.now().toISOString()
  const deployed = brought.map(({ manifest, functionArn }): Agent => {
    const status = manifest.deprecated ? 'deprecated' : 'active'
    return { ...manifest, functionArn, status, origin: 'deployment', registeredAt }
  })
  const gone = (await registry.listAgents({ fresh: true })).filter(({ id, origin, status }) => {
    return origin === 'deployment' && status !== 'inactive' && !deployed.some((agent) => agent.id === id)
  })
  // First nobody is bound to them any more; then it is asked who is.
  await Promise.all(gone.map((agent) => registry.putAgent({ ...agent, status: 'inactive' })))
  if (gone.length > 0) await ports.untilHeard?.()
  const bound = gone.length > 0 ? await tasksBoundTo(ports, new Set(gone.map(({ id }) => id))) : []
  if (bound.length > 0) {
    await Promise.all(gone.map((agent) => registry.putAgent(agent)))
    throw stillBound(bound)
  }
  await Promise.all(deployed.map((agent) => registry.putAgent(agent)))
  return gone.map(({ id }) => id)
}

function stillBound(bound: readonly { taskId: string; agentId: string }[]): OrchestratorError {
  const agents = [...new Set(bound.map(({ agentId }) => agentId))]
  const tasks = bound.map(({ taskId }) => taskId)
  const message =
    `${agents.join(', ')}: removed, and still bound to ${tasks.slice(0, 5).join(', ')}${tasks.length > 5 ? ' and more' : ''}. ` +
    'Deploy with "deprecated: true" in the agent first, and remove it when these tasks have ended or are cancelled'
  return new OrchestratorError('ConflictError', message)
}

async function replaceWorkflows(ports: Needs, brought: Deployment['workflows']): Promise<string[]> {
  const { registry, machines, clock } = ports
  const registeredAt = clock.now().toISOString()
  const before = (await registry.listWorkflows({ fresh: true })).filter(({ origin }) => origin !== 'api')
  const byName = new Map(brought.map((one) => [one.workflow.name, one]))
  const gone = before.filter(({ workflow }) => !byName.has(workflow.name))
  const deployed: RegisteredWorkflow[] = []
  for (let from = 0; from < brought.length; from += AT_ONCE) {
    const some = brought.slice(from, from + AT_ONCE).map(async (one): Promise<RegisteredWorkflow> => {
      const stateMachineArn = await machines.publish(one.stateMachineArn)
      return { ...one, stateMachineArn, registeredAt, active: true, origin: 'deployment' }
    })
    deployed.push(...(await Promise.all(some)))
  }
  // Machines of parts that a workflow has no more: they are left to what runs on them, as those of workflows that are gone.
  const parts = before.flatMap(({ workflow: { name }, parts: had = 0 }) => {
    const has = byName.get(name)
    return has === undefined ? [] : partNames(name, had).slice(has.parts ?? 0)
  })
  await Promise.all([
    ...parts.map((name) => registry.useMachine({ name, parts: 0, usedOn: dayOf(clock.now()) })),
    // Those that it has again.
    ...deployed.flatMap(({ workflow, parts: count = 0 }) =>
      partNames(workflow.name, count).map((name) => registry.forgetMachine(name)),
    ),
    ...deployed.map((registered) => registry.putWorkflow(registered)),
    ...deployed.map(({ workflow }) => registry.forgetMachine(workflow.name)),
    ...gone.map((registered) => registry.putWorkflow({ ...registered, active: false })),
    // Its machine stays for what runs on it, and is collected after that.
    ...gone.map(({ workflow, parts = 0 }) =>
      registry.useMachine({ name: workflow.name, parts, usedOn: dayOf(clock.now()) }),
    ),
  ])
  return gone.map(({ workflow }) => workflow.name)
}
