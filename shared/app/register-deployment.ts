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
import { tasksBoundTo } from './tasks-bound-to.ts'

export type Deployment = {
  agents: { manifest: AgentManifest; functionArn: string }[]
  workflows: Omit<RegisteredWorkflow, 'registeredAt' | 'active' | 'origin'>[]
}
type Needs = Pick<Ports, 'registry' | 'tasks' | 'machines' | 'clock'>

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
  const gone = (await registry.listWorkflows({ fresh: true })).filter(({ workflow, origin }) => {
    return origin !== 'api' && !brought.some((other) => other.workflow.name === workflow.name)
  })
  const deployed = await Promise.all(
    brought.map(async (one): Promise<RegisteredWorkflow> => {
      const stateMachineArn = await machines.publish(one.stateMachineArn)
      return { ...one, stateMachineArn, registeredAt, active: true, origin: 'deployment' }
    }),
  )
  await Promise.all([
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
