import { parsePath } from '../../domain/instance-path.ts'
import type { PriceTable } from '../../domain/price-table.ts'
import type { StepRecord } from '../../domain/step.ts'
import { millisecondsBetween } from '../../domain/times.ts'
import { usdOfRun, usdPerSecond } from '../../estimator/usage-of-run.ts'
import type { Plan, Ports } from '../../ports/index.ts'
import { isAgentStep } from '../../workflow/schema.ts'
import { bindingAt, hasStepAt, stepAt } from '../steps/plan-paths.ts'

/** The assumed memory of a function that the plan does not know, because its step was bound late. */
const DEFAULT_MEMORY_MB = 512

/** The AWS cost of an ended task and its children, in US dollars, by the estimator's model with the measured time. */
export async function usdOfTask(
  ports: Pick<Ports, 'tasks' | 'plans' | 'steps' | 'prices'>,
  plan: Plan,
  records: readonly StepRecord[],
): Promise<number> {
  const children = records.flatMap(({ child }) => child ?? [])
  const below = await Promise.all(children.map((child) => usdOfChild(ports, child)))
  const ofAgents = records.reduce((sum, record) => sum + usdOfAgents(plan, record, ports.prices), 0)
  return usdOfRun(records.length, 1, ports.prices) + ofAgents + below.reduce((sum, usd) => sum + usd, 0)
}

async function usdOfChild(
  ports: Pick<Ports, 'tasks' | 'plans' | 'steps' | 'prices'>,
  taskId: string,
): Promise<number> {
  const task = await ports.tasks.findTask(taskId)
  if (!task) return 0
  const [plan, records] = await Promise.all([
    ports.plans.getPlan(taskId, task.execution),
    ports.steps.listSteps(taskId),
  ])
  return usdOfTask(ports, plan, records)
}

/** The Lambda cost of the agents' functions while they worked on a step. */
function usdOfAgents(plan: Plan, record: StepRecord, prices: PriceTable): number {
  const { path, status, startedAt, endedAt = startedAt, attempts, reused } = record
  const step = hasStepAt(plan, path) ? stepAt(plan, path) : undefined
  if (!step || !isAgentStep(step) || (step.forEach !== undefined && parsePath(path).index === undefined))
    return 0
  const tries = status === 'succeeded' && !reused ? [...attempts, { startedAt, endedAt }] : attempts
  const seconds = tries.reduce((sum, one) => sum + millisecondsBetween(one.startedAt, one.endedAt) / 1_000, 0)
  return seconds * usdPerSecond(bindingAt(plan, path)?.memoryMb ?? DEFAULT_MEMORY_MB, prices)
}
