import { expect, it } from 'vitest'
import { viewBudget } from '../../../shared/app/limits/view-budget.ts'
import type { Budgets, KeptBudget } from '../../../shared/ports/index.ts'
import { portWith } from '../../support/stores/ports-with.ts'

const NOW = 1_800_000_000
const amount = (usd: number, tokens: number) => ({ nanoUsd: Math.round(usd * 1e9), tokens })

/** The view of a task t_0, or of its child t_1, which spends of the same budget. */
const view = (id: string, ...reserved: { usd: number; tokens: number; secondsLeft: number }[]) => {
  const kept: KeptBudget = {
    available: amount(0.5, 10),
    total: amount(1, 100),
    isClosed: false,
    spent: amount(0.13, 40),
    reserved: new Map(
      reserved.map(({ usd, tokens, secondsLeft }, at) => [
        `s${at}`,
        { ...amount(usd, tokens), holder: 'x', until: NOW + secondsLeft },
      ]),
    ),
  }
  const budgets = portWith<Budgets>({ rootOf: async () => 't_0', find: async () => kept })
  const limits = id === 't_0' ? { usd: 1, tokens: 100 } : {}
  return viewBudget({ budgets, clock: { now: () => new Date(NOW * 1_000) } }, { id, budget: limits })
}

it('shows what is spent, what running calls reserve, and expired reservations as unknown (budget-view/V1, budget-view/V2)', async () => {
  expect(
    await view(
      't_0',
      { usd: 0.1, tokens: 5, secondsLeft: 60 },
      { usd: 0.2, tokens: 7, secondsLeft: 1 },
      { usd: 0.07, tokens: 1, secondsLeft: 0 },
      { usd: 0.01, tokens: 2, secondsLeft: -3_600 },
    ),
  ).toEqual({
    ...{ usd: 1, tokens: 100, spentUsd: 0.13, spentTokens: 40, reservedTokens: 12, unknownTokens: 3 },
    ...{ reservedUsd: expect.closeTo(0.3, 9), unknownUsd: expect.closeTo(0.08, 9) },
  })
})

it('shows nothing as unknown when every call has been settled', async () => {
  expect(await view('t_0')).toEqual({
    ...{ usd: 1, tokens: 100, spentUsd: 0.13, spentTokens: 40, reservedUsd: 0, reservedTokens: 0 },
  })
})

it('shows for a child its root’s budget, with the root’s limits', async () => {
  expect(await view('t_1')).toMatchObject({ taskId: 't_0', usd: 1, tokens: 100, spentUsd: 0.13 })
})
