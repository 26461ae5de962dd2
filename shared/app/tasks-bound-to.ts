import type { OpenTask } from '../domain/task.ts'
import type { Ports } from '../ports/index.ts'

const PAGE = 100
/** Who is told of them needs no more. */
const ENOUGH = 20

/** Open tasks with a step that one of these agents is to run, or may be running; at most about twenty of them. */
export async function tasksBoundTo(
  { tasks, clock }: Pick<Ports, 'tasks' | 'clock'>,
  agentIds: ReadonlySet<string>,
): Promise<{ taskId: string; agentId: string }[]> {
  const createdBefore = new Date(clock.now().getTime() + 1).toISOString()
  const found: { taskId: string; agentId: string }[] = []
  let page: OpenTask[] = []
  do {
    const after = page.at(-1)
    page = await tasks.listOpenTasks({ createdBefore, limit: PAGE, ...(after ? { after } : {}) })
    const plans = await Promise.all(page.map(({ id, execution }) => tasks.getPlan(id, execution)))
    for (const { taskId, bindings } of plans) {
      const bound = Object.values(bindings).find(({ agentId }) => agentIds.has(agentId))
      if (bound) found.push({ taskId, agentId: bound.agentId })
    }
  } while (page.length === PAGE && found.length < ENOUGH)
  return found
}
