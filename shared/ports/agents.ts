import type { Agent } from '../domain/agent.ts'

/**
 * How a list of the registry is read: `of` a tenant only what it has named itself, of `default` also what deployments have brought; of all
 * tenants without it.
 */
export type ListOptions = { fresh?: boolean; of?: string }

/** The registered agents, by qualified ids (`acme/translator`). What a tenant sees of them: `withinTenant`. */
export type Agents = {
  putAgent(agent: Agent): Promise<void>
  findAgent(id: string): Promise<Agent | undefined>
  /** The list may come from a cache of one second unless `fresh` is set. */
  listAgents(options?: ListOptions): Promise<Agent[]>
  /** Whether a tenant may use an agent of the stage, as its quotas say; every one where the port does not know. */
  readonly mayUse?: (tenant: string, agent: Agent) => boolean
}
