import type { AgentManifest } from '../../domain/agent.ts'
import { type Amount, amountOf } from '../../domain/budget.ts'
import { isOrchestratorError } from '../../domain/errors.ts'
import { monthOf } from '../../domain/quotas.ts'
import type { Ownership, Plan, Ports } from '../../ports/index.ts'
import { tellReached } from '../quotas/tell-reached.ts'
import { type CallBudget, callBudget, type EndHold } from './call-budget.ts'
import { coveredParts, mostOf, mostOfCall, undeclared } from './most-of-call.ts'
import { reserveBudget } from './spend-budget.ts'
import { MonthHold, SHARE_OF_MONTH } from './tenant-money.ts'

/** A host without quotas knows none. */
export type HoldNeeds = Pick<Ports, 'budgets' | 'clock'> & Partial<Pick<Ports, 'quotas' | 'money' | 'bus'>>

export type Holding = {
  own: Ownership
  plan: Pick<Plan, 'budget' | 'tenant'>
  manifest: Pick<AgentManifest, 'price' | 'needs'>
  /** When what is held counts as spent, in seconds. */
  until: number
}

/**
 * What a call holds of its task's budget and of its tenant's month; undefined where neither is limited. The month comes first: what is refused there
 * writes nothing to the task's budget. Applies to free agents too, where a task has a budget: one that has overdrawn it is stopped at its next
 * step.
 */
export async function holdBudget(ports: HoldNeeds, holding: Holding): Promise<CallBudget | undefined> {
  const ofTask = await mostWithin(ports, holding)
  const ofMonth = await holdMonth(ports, holding, ofTask?.amount.nanoUsd)
  if (!ofTask) return ofMonth
  const { own, manifest, until } = holding
  const { taskId, path, fence } = own
  try {
    const attempt = { taskId, path, holder: fence, until }
    const reservation = await reserveBudget(ports, attempt, ofTask.amount, ofTask.why)
    const inTask = callBudget(ports, own, reservation, coveredParts(manifest))
    return ofMonth ? both(ofMonth, inTask) : inTask
  } catch (refusal) {
    await ofMonth?.end({ nanoUsd: 0, tokens: 0 })
    throw refusal
  }
}

async function mostWithin({ budgets }: HoldNeeds, { own, plan, manifest }: Holding) {
  return plan.budget ? mostOfCall(budgets, own.taskId, manifest) : undefined
}

/**
 * `ofTask`: what the task's budget holds for the call, which is enough where the agent does not say what it may cost; 0 where the budget has no limit in
 * US dollars.
 */
async function holdMonth(
  { quotas, money, bus, clock }: HoldNeeds,
  { own, plan, manifest, until }: Holding,
  ofTask = 0,
): Promise<CallBudget | undefined> {
  const usd = quotas?.quotasOf(plan.tenant).usdPerMonth
  if (usd === undefined || !money) return undefined
  const { tenant } = plan
  const quota = amountOf({ usd }).nanoUsd
  const { taskId, path, fence: holder } = own
  const month = monthOf(clock.now())
  const spender = { taskId, path, holder, until }
  const hold = new MonthHold({ money, clock }, { tenant, month, quota }, spender)
  const take = async (nanoUsd: number, reason?: string) => {
    try {
      return await hold.take(nanoUsd, reason)
    } catch (refusal) {
      if (isOrchestratorError(refusal, 'BudgetExceededError'))
        await tellReached({ bus, clock }, { tenant, quota: 'usdPerMonth', period: month, limit: usd })
      throw refusal
    }
  }
  const most = mostOf(manifest, { nanoUsd: quota * 10 * SHARE_OF_MONTH, tokens: 0 })
  const isShare = undeclared(manifest).includes('mostUsd')
  // At least a billionth: an agent that may cost something does not begin where the quota is 0.
  const share = Math.max(1, Math.min(most.amount.nanoUsd, ofTask || Number.POSITIVE_INFINITY))
  const amount = isShare ? share : most.amount.nanoUsd
  const why = 'its agent does not say price.mostUsd, so a hundredth of the quota is held for a call'
  if (amount > 0) await take(amount, isShare ? why : undefined)
  return inTurns(hold, take, coveredParts(manifest).includes('nanoUsd'))
}

/** `covered`: the attempt holds all that its calls may cost, because its agent has declared a most. */
function inTurns(hold: MonthHold, take: MonthHold['take'], covered: boolean): CallBudget {
  let settled = 0
  let isOver = false
  let last: Promise<unknown> = Promise.resolve()
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const done = last.then(work)
    last = done.catch(() => {})
    return done
  }
  return {
    async hold({ nanoUsd }, why): Promise<EndHold> {
      if (covered || nanoUsd === 0) return async () => {}
      const taken = await inTurn(() => take(nanoUsd, why))
      return (spent) =>
        inTurn(async () => {
          if (isOver) return
          settled += spent.nanoUsd
          await hold.give(taken, spent.nanoUsd)
        })
    },
    end: ({ nanoUsd }) =>
      inTurn(async () => {
        isOver = true
        await hold.end(Math.max(0, nanoUsd - settled))
      }),
  }
}

/** Holds of both, or of none. */
function both(month: CallBudget, task: CallBudget): CallBudget {
  return {
    async hold(most: Amount, why: string): Promise<EndHold> {
      const endMonth = await month.hold(most, why)
      try {
        const endTask = await task.hold(most, why)
        return async (spent) => void (await Promise.all([endMonth(spent), endTask(spent)]))
      } catch (refusal) {
        await endMonth({ nanoUsd: 0, tokens: 0 })
        throw refusal
      }
    },
    end: async (spent) => void (await Promise.all([month.end(spent), task.end(spent)])),
  }
}
