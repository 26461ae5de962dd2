import type { Agent } from '../domain/agent.ts'

/** The registered agents. */
export type Agents = {
  putAgent(agent: Agent): Promise<void>
  findAgent(id: string): Promise<Agent | undefined>
  /** The list may come from a cache of one second unless `fresh` is set. */
  listAgents(options?: { fresh?: boolean }): Promise<Agent[]>
}
