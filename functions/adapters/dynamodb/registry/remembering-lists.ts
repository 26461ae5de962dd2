import type { Agents, Clock, Workflows } from '../../../../shared/ports/index.ts'

/** As long as the secondary index of the lists may lag anyway. */
const REMEMBERED_MILLISECONDS = 1_000

/** Caches the list of agents for a moment: under load most requests plan with the same list. Writes through it are visible at once. */
export function rememberingAgents(agents: Agents, clock: Clock): Agents {
  const list = remembered(clock, () => agents.listAgents())
  return { ...agents, listAgents: list.get, putAgent: forgetting(list, agents.putAgent) }
}

/** The same for the list of workflows. */
export function rememberingWorkflows(workflows: Workflows, clock: Clock): Workflows {
  const list = remembered(clock, () => workflows.listWorkflows())
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

function remembered<T>(clock: Clock, read: () => Promise<T[]>) {
  let known: { at: number; list: Promise<T[]> } | undefined
  return {
    /** A copy for each caller, so that callers cannot change the cached list. */
    async get({ fresh = false }: { fresh?: boolean } = {}): Promise<T[]> {
      const now = clock.now().getTime()
      if (fresh || !known || Math.abs(now - known.at) >= REMEMBERED_MILLISECONDS) {
        const list = read()
        const reading = { at: now, list }
        known = reading
        // A failure is not cached.
        list.catch(() => {
          if (known === reading) known = undefined
        })
      }
      return [...(await known.list)]
    },
    forget: () => {
      known = undefined
    },
  }
}
