import { isFinalStepStatus } from '../../domain/step.ts'
import type { OpenTask } from '../../domain/task.ts'
import type { Ports } from '../../ports/index.ts'

const PAGE = 100
/** Who is told of them needs no more. */
const ENOUGH = 20

/** Open tasks with a step that one of these agents is to run, or may be running; at most about twenty of them. */
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
        // Who was chosen since: a step has failed over, or was bound late.
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
