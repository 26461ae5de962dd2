import type { Agent } from '../domain/agent.ts'
import type { Gate } from '../domain/plan.ts'
import type { Workflow } from '../workflow/schema.ts'

export type RegisteredWorkflow = {
  workflow: Workflow
  stateMachineArn: string
  /** As the machine was compiled. */
  gates: Gate[]
  registeredAt: string
  active: boolean
  /** Who brought it: a deployment retires only what deployments brought. */
  origin: 'deployment' | 'api'
}

/** The catalogue of agents and workflows. */
export type Registry = {
  putAgent(agent: Agent): Promise<void>
  findAgent(id: string): Promise<Agent | undefined>
  listAgents(): Promise<Agent[]>
  putWorkflow(registered: RegisteredWorkflow): Promise<void>
  /** The same for a version that nobody has published; false when somebody has. */
  publishWorkflow(registered: RegisteredWorkflow): Promise<boolean>
  /** The newest version, or the one asked for. */
  findWorkflow(name: string, version?: number): Promise<RegisteredWorkflow | undefined>
  /** The newest version of each active workflow. */
  listWorkflows(): Promise<RegisteredWorkflow[]>
  /** Notes that steps were bound to agents, so that the next choice sees the load. */
  addLoad(steps: ReadonlyMap<string, number>): Promise<void>
  /** Steps bound to each of these agents in the last minutes. */
  loadsOf(agentIds: readonly string[]): Promise<Map<string, number>>
}
