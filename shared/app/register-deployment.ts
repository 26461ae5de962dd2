import type { Agent, AgentManifest } from '../domain/agent.ts'
import type { Clock, RegisteredWorkflow, Registry } from '../ports/index.ts'

export type Deployment = {
  agents: { manifest: AgentManifest; functionArn: string }[]
  workflows: Omit<RegisteredWorkflow, 'registeredAt' | 'active' | 'origin'>[]
}

/**
 * Makes the registry say what this deployment brought: its agents and workflows are active, and those of an earlier
 * deployment that are gone get no new work. Safe to repeat.
 */
export const registerDeployment =
  ({ registry, clock }: { registry: Registry; clock: Clock }) =>
  async ({
    agents,
    workflows,
  }: Deployment): Promise<{ agents: number; workflows: number; retired: string[] }> => {
    const registeredAt = clock.now().toISOString()
    const deployed = agents.map(({ manifest, functionArn }): Agent => {
      return { ...manifest, functionArn, status: 'active', origin: 'deployment', registeredAt }
    })
    const [knownAgents, knownWorkflows] = await Promise.all([registry.listAgents(), registry.listWorkflows()])
    const goneAgents = knownAgents.filter(({ id, origin, status }) => {
      return origin === 'deployment' && status === 'active' && !deployed.some((agent) => agent.id === id)
    })
    const goneWorkflows = knownWorkflows.filter(({ workflow, origin }) => {
      return origin !== 'api' && !workflows.some((other) => other.workflow.name === workflow.name)
    })
    await Promise.all([
      ...deployed.map((agent) => registry.putAgent(agent)),
      ...goneAgents.map((agent) => registry.putAgent({ ...agent, status: 'inactive' })),
      ...workflows.map((registered) =>
        registry.putWorkflow({ ...registered, registeredAt, active: true, origin: 'deployment' }),
      ),
      ...goneWorkflows.map((registered) => registry.putWorkflow({ ...registered, active: false })),
    ])
    const retired = [...goneAgents.map(({ id }) => id), ...goneWorkflows.map(({ workflow }) => workflow.name)]
    return { agents: deployed.length, workflows: workflows.length, retired }
  }
