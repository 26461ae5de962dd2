import { isFinalStepStatus } from '../../domain/step.ts'
import type { OpenTask } from '../../domain/task.ts'
import type { Ports } from '../../ports/index.ts'

const PAGE = 100
/** Enough examples for an error message. */
const ENOUGH = 20

/** Open tasks with an unfinished step that is bound to one of these agents; about twenty at most. */
export async function tasksBoundTo(
  { tasks, plans, steps, clock }: Pick<Ports, 'tasks' | 'plans' | 'steps' | 'clock'>,
  agentIds: ReadonlySet<string>,
): Promise<{ taskId: string; agentId: string }[]> {
  const createdBefore = new Date(clock.now().getTime() + 1).toISOString()
  const found: { taskId: string; agentId: string }[] = []
  let page: OpenTask[] = []
  do {
    const after = page.at(-1)
    page = await tasks.listOpenTasks({ createdBefore, limit: PAGE, ...(after ? { after } : {}) })
    const bound = await Promise.all(
      page.map(async ({ id, execution }) => {
        const [{ bindings }, records] = await Promise.all([plans.getPlan(id, execution), steps.listSteps(id)])
        // Agents chosen after planning, by failover or late binding.
        const running = records.filter(({ status }) => !isFinalStepStatus(status))
        return [...Object.values(bindings), ...running].flatMap(({ agentId }) =>
          agentId !== undefined && agentIds.has(agentId) ? [{ taskId: id, agentId }] : [],
        )[0]
      }),
    )
    found.push(...bound.flatMap((one) => one ?? []))
  } while (page.length === PAGE && found.length < ENOUGH)
  return found
}
