/** How busy agents are: what the choice of an agent avoids. */
export type Loads = {
  /** Notes that steps were bound to agents, so that the next choice sees the load. */
  addLoad(steps: ReadonlyMap<string, number>): Promise<void>
  /** Steps bound to each of these agents in the last minutes. */
  loadsOf(agentIds: readonly string[]): Promise<Map<string, number>>
}
