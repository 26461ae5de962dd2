import { expect, it } from 'vitest'
import { viewBudget } from '../../shared/app/view-budget.ts'
import { usdOf } from '../../shared/domain/budget.ts'
import type { StepRecord } from '../../shared/domain/step.ts'
import type { Budgets, KeptBudget } from '../../shared/ports/index.ts'

type Told = { costUsd?: number; tokens?: number; child?: string; attempts?: object[] }
const records = (...told: Told[]) => told.map((one) => ({ attempts: [], ...one })) as unknown as StepRecord[]

const view = async (
  { spent, reserved = 0, tokens = 0 }: { spent: number; reserved?: number; tokens?: number },
  own: StepRecord[],
  children: Record<string, StepRecord[]> = {},
) => {
  const amount = (usd: number, count: number) => ({ nanoUsd: Math.round(usd * 1e9), tokens: count })
  const kept: KeptBudget = {
    available: {},
    total: amount(1, 100),
    isClosed: true,
    spent: amount(spent, tokens),
    reserved: new Map([['a', { ...amount(reserved, 0), holder: 'x', until: NOW + 60 }]]),
  }
  const ports = {
    tasks: { listSteps: async (id: string) => (id === 't_0' ? own : (children[id] ?? [])) },
    budgets: { rootOf: async () => 't_0', find: async () => kept } as unknown as Budgets,
    clock: { now: () => new Date(NOW * 1_000) },
  }
  const seen = await viewBudget(ports, { id: 't_0', budget: { usd: 1, tokens: 100 } })
  if (!seen) throw new Error('a task with a budget has none to see')
  return seen
}
const NOW = 1_800_000_000
const NONE = { usd: 1, tokens: 100, reservedUsd: 0, spentTokens: 0, reservedTokens: 0 }

it('tells what agents have told as spent, and what was held for those that were stopped as unknown (V2)', async () => {
  const own = records({ costUsd: 0.02, attempts: [{ costUsd: 0.01 }] }, {})
  expect(await view({ spent: 0.13 }, own)).toEqual({ ...NONE, spentUsd: 0.03, unknownUsd: 0.1 })
  expect(await view({ spent: 0.1, tokens: 40 }, records({ tokens: 15 }))).toEqual({
    ...{ ...NONE, spentTokens: 15, unknownTokens: 25 },
    ...{ spentUsd: 0, unknownUsd: 0.1 },
  })
})

it('says of nothing that it is unknown where all have told, however it was rounded', async () => {
  const own = records({ costUsd: 0.1 + 0.2 }, { costUsd: 1e-10 }, { costUsd: 1e-10 })
  expect(await view({ spent: 0.300000002 }, own)).toEqual({ ...NONE, spentUsd: 0.300000002 })
})

it('knows what a child has cost that was stopped with its parent (V2)', async () => {
  const own = records({ costUsd: 0.02 }, { child: 't_1' }, { child: 't_2', costUsd: 0.05 })
  const children = { t_1: records({ costUsd: 0.03 }, { child: 't_3' }), t_3: records({ costUsd: 0.04 }) }
  expect(await view({ spent: 0.24 }, own, children)).toEqual({ ...NONE, spentUsd: 0.14, unknownUsd: 0.1 })
})

it('takes nothing out of what the budget has no longer (V1)', async () => {
  for (const spent of [0, 0.01, 0.05, 0.5])
    for (const told of [0, 0.01, 0.1]) {
      const {
        spentUsd,
        unknownUsd = 0,
        reservedUsd,
      } = await view({ spent, reserved: 0.2 }, records({ costUsd: told }))
      expect(spentUsd + unknownUsd + reservedUsd).toBeCloseTo(spent + 0.2, 9)
      expect(spentUsd).toBeGreaterThanOrEqual(Math.min(spent, told) - usdOf({ nanoUsd: 1 }))
    }
})
