import type { Agent } from '../domain/agent.ts'

/** The agents that there are. */
export type Agents = {
  putAgent(agent: Agent): Promise<void>
  findAgent(id: string): Promise<Agent | undefined>
  /** Lists may be a second old where it is not said that they must be `fresh`. */
  listAgents(options?: { fresh?: boolean }): Promise<Agent[]>
}
