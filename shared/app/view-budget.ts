/**
 * A task's budget as callers see it.
 *
 * Invariants (tests cite them):
 * V1 what is spent, reserved and unknown is together what the budget has no longer
 * V2 spent is what agents have told that they spent, here and in child workflows; what was held for attempts that were stopped or have
 *    died counts against the budget and is unknown, for nobody has told
 */
import type { TaskView } from '../contracts/views.ts'
import { type Amount, addAmounts, amountOf, type Budget, usdOf } from '../domain/budget.ts'
import type { StepRecord } from '../domain/step.ts'
import type { Task } from '../domain/task.ts'
import type { KeptBudget, Ports, TaskStore } from '../ports/index.ts'
import { costOf } from './cost-of-steps.ts'
import { spentAndHeld } from './spend-budget.ts'

type Needs = { tasks: Pick<TaskStore, 'listSteps'> }

/** The budget that the task spends of: of a child its root's. Undefined where nothing is kept of it. */
export async function viewBudget(
  ports: Needs & Pick<Ports, 'budgets' | 'clock'>,
  { id, budget: limits = {} }: Pick<Task, 'id' | 'budget'>,
): Promise<TaskView['budget']> {
  const root = await ports.budgets.rootOf(id)
  const budget = root === undefined ? undefined : await ports.budgets.find(root)
  if (root === undefined || !budget) return undefined
  const { spent, held } = spentAndHeld(budget, ports.clock.now().getTime() / 1_000)
  const records = await ports.tasks.listSteps(root)
  const unknown = unknownOf(spent, await knownOf(ports, records, spent), records)
  return {
    ...(root === id ? limits : { taskId: root, ...limitsOf(budget) }),
    spentUsd: usdOf({ nanoUsd: spent.nanoUsd - unknown.nanoUsd }),
    reservedUsd: usdOf(held),
    ...(unknown.nanoUsd > 0 ? { unknownUsd: usdOf(unknown) } : {}),
    spentTokens: spent.tokens - unknown.tokens,
    reservedTokens: held.tokens,
    ...(unknown.tokens > 0 ? { unknownTokens: unknown.tokens } : {}),
  }
}

const limitsOf = ({ available, total }: KeptBudget): Budget => ({
  ...(available.nanoUsd === undefined ? {} : { usd: usdOf(total) }),
  ...(available.tokens === undefined ? {} : { tokens: total.tokens }),
})

function unknownOf(spent: Amount, known: Amount, records: readonly StepRecord[]): Amount {
  const nanoUsd = spent.nanoUsd - known.nanoUsd
  // A budget rounds each attempt up to a billionth.
  const attempts = records.reduce((sum, record) => sum + 1 + record.attempts.length, 0)
  return {
    nanoUsd: nanoUsd > attempts ? nanoUsd : 0,
    tokens: Math.max(0, spent.tokens - known.tokens),
  }
}

/** V2. Children are only looked at where something is missing: what a stopped one has cost is not its parent's yet. */
async function knownOf({ tasks }: Needs, records: readonly StepRecord[], spent: Amount): Promise<Amount> {
  const { usd, tokens } = costOf(records)
  const known = amountOf({ usd, tokens })
  if (known.nanoUsd >= spent.nanoUsd && known.tokens >= spent.tokens) return known
  const stopped = records.flatMap(({ child, costUsd }) => (child && costUsd === undefined ? [child] : []))
  const missing = { nanoUsd: spent.nanoUsd - known.nanoUsd, tokens: spent.tokens - known.tokens }
  const below = await Promise.all(
    stopped.map(async (child) => knownOf({ tasks }, await tasks.listSteps(child), missing)),
  )
  return below.reduce(addAmounts, known)
}
