import type { Agents, Clock, ListOptions, Workflows } from '../../../../shared/ports/index.ts'

/** As long as the secondary index of the lists may lag anyway. */
const REMEMBERED_MILLISECONDS = 1_000
/** Tenants whose lists are cached at once. */
const MOST_TENANTS = 200

/** Caches the list of agents for a moment: under load most requests plan with the same list. Writes through it are visible at once. */
export function rememberingAgents(agents: Agents, clock: Clock): Agents {
  const list = remembered(clock, (options) => agents.listAgents(options))
  return { ...agents, listAgents: list.get, putAgent: forgetting(list, agents.putAgent) }
}

/** The same for the list of workflows. */
export function rememberingWorkflows(workflows: Workflows, clock: Clock): Workflows {
  const list = remembered(clock, (options) => workflows.listWorkflows(options))
  return {
    ...workflows,
    listWorkflows: list.get,
    putWorkflow: forgetting(list, workflows.putWorkflow),
    publishWorkflow: forgetting(list, workflows.publishWorkflow),
  }
}

const forgetting =
  <Args extends unknown[], Result>(list: { forget(): void }, write: (...args: Args) => Promise<Result>) =>
  async (...args: Args): Promise<Result> => {
    try {
      return await write(...args)
    } finally {
      list.forget()
    }
  }

/** Each tenant's list by itself: what all tenants share is read once for all of them. */
function remembered<T>(clock: Clock, read: (options: ListOptions) => Promise<T[]>) {
  const known = new Map<string | undefined, { at: number; list: Promise<T[]> }>()
  return {
    /** A copy for each caller, so that callers cannot change the cached list. */
    async get({ fresh = false, of }: ListOptions = {}): Promise<T[]> {
      const now = clock.now().getTime()
      const before = known.get(of)
      if (before && !fresh && Math.abs(now - before.at) < REMEMBERED_MILLISECONDS)
        return [...(await before.list)]
      const list = read(of === undefined ? {} : { of })
      const reading = { at: now, list }
      if (known.size >= MOST_TENANTS) known.clear()
      known.set(of, reading)
      // A failure is not cached.
      list.catch(() => {
        if (known.get(of) === reading) known.delete(of)
      })
      return [...(await list)]
    },
    forget: () => known.clear(),
  }
}
