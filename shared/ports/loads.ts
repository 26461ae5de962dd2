/** How busy agents are, which the selector takes into account. */
export type Loads = {
  /** Records that steps were bound to agents, so that the next choice sees the load. */
  addLoad(steps: ReadonlyMap<string, number>): Promise<void>
  /** The number of steps bound to each of these agents in the last minutes. */
  loadsOf(agentIds: readonly string[]): Promise<Map<string, number>>
}
