import type { Clock, Registry } from '../../../../shared/ports/index.ts'

/** The index that lists come from is behind by as much now and then. */
const REMEMBERED_MILLISECONDS = 1_000

/** A registry that remembers its lists for a moment: under load most requests plan with the same. What it writes itself it sees at once. */
export function rememberingRegistry(registry: Registry, clock: Clock): Registry {
  const agents = remembered(clock, () => registry.listAgents())
  const workflows = remembered(clock, () => registry.listWorkflows())
  const forgetting =
    <Args extends unknown[], Result>(list: { forget(): void }, write: (...args: Args) => Promise<Result>) =>
    async (...args: Args): Promise<Result> => {
      try {
        return await write(...args)
      } finally {
        list.forget()
      }
    }
  return {
    ...registry,
    listAgents: agents.get,
    listWorkflows: workflows.get,
    putAgent: forgetting(agents, registry.putAgent),
    putWorkflow: forgetting(workflows, registry.putWorkflow),
    publishWorkflow: forgetting(workflows, registry.publishWorkflow),
  }
}

function remembered<T>(clock: Clock, read: () => Promise<T[]>) {
  let known: { at: number; list: Promise<T[]> } | undefined
  return {
    /** Each caller has a list of its own. */
    async get({ fresh = false }: { fresh?: boolean } = {}): Promise<T[]> {
      const now = clock.now().getTime()
      if (fresh || !known || Math.abs(now - known.at) >= REMEMBERED_MILLISECONDS) {
        const list = read()
        const reading = { at: now, list }
        known = reading
        // What failed is nothing to remember.
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
