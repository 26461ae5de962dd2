import { expect, it } from 'vitest'
import { stepViews } from '../../../shared/app/views/steps/step-views.ts'
import type { StepRecord } from '../../../shared/domain/step.ts'
import type { Task } from '../../../shared/domain/task.ts'
import { validWorkflow } from '../../support/cloud/compiled-workflow.ts'
import { planWith } from '../../support/stores/plan-with.ts'

const call = { capability: 'echo' }
const ask = { approval: { prompt: 'Go?', timeoutSeconds: 60 } }
const workflow = validWorkflow({
  name: 'w',
  steps: {
    each: {
      forEach: '{% [1, 2] %}',
      steps: {
        a: call,
        l: { repeat: { steps: { r: call }, until: '{% true %}', maxIterations: 3 }, needs: ['a'] },
        ok: { ...ask, needs: ['l'] },
      },
    },
    calls: { ...call, forEach: '{% [1, 2] %}', needs: ['each'] },
  },
})
const plan = planWith({ workflow })
const record = (path: string, more: Partial<StepRecord> = {}): StepRecord => ({
  path,
  status: 'succeeded',
  fence: '1',
  owner: 'o',
  startedAt: '2026-01-01T00:00:00.000Z',
  attempts: [],
  ...more,
})
const running = { status: 'running' } as const
const approval = { prompt: 'Go?', choices: ['approve'], expiresAt: '', token: 't' }
const records = [
  record('each', running),
  ...['a', 'l', 'l[1].r', 'l[2].r'].map((id) => record(`each[0].${id}`)),
  record('each[0].ok', { ...running, approval }),
  record('each[1].a'),
  record('each[1].l', running),
  record('each[1].l[1].r', running),
]
const shown = (options?: { all: boolean }) =>
  stepViews({ id: 't', status: 'running' } as Task, plan, records, options).map(
    ({ stepId, status, round }) => `${stepId} ${status}${round === undefined ? '' : ` (${round})`}`,
  )

it('shows a fan-out as one step, and every step inside that waits for an answer', () => {
  expect(shown()).toEqual(['each running', 'each[0].ok waiting', 'calls pending'])
})

it('shows every item with its steps where all are asked for', () => {
  expect(shown({ all: true })).toEqual([
    'each running',
    'each[0] running',
    'each[0].a succeeded',
    'each[0].l succeeded (2)',
    'each[0].l[1].r succeeded',
    'each[0].l[2].r succeeded',
    'each[0].ok waiting',
    'each[1] running',
    'each[1].a succeeded',
    'each[1].l running (1)',
    'each[1].l[1].r running',
    'each[1].ok pending',
    'calls pending',
  ])
})

it('sums for a loop, a round, a fan-out and an item what ran in it, failed attempts too', () => {
  const attempt = { costUsd: 0.5, tokens: 5 } as StepRecord['attempts'][number]
  const paid = [
    record('each', running),
    record('each[0]'),
    record('each[0].a', { costUsd: 1, tokens: 10 }),
    record('each[0].l'),
    record('each[0].l[1].r', { costUsd: 2, attempts: [attempt] }),
    record('each[0].l[2].r', { costUsd: 4, unpriced: ['m'] }),
    record('each[1].a', { costUsd: 8 }),
    record('calls'),
    record('calls[0]', { costUsd: 16 }),
    record('calls[1]', { costUsd: 32 }),
  ]
  const views = stepViews({ id: 't', status: 'running' } as Task, plan, paid, { all: true })
  const costs = views.flatMap(({ stepId, costUsd, tokens, unpriced }) =>
    costUsd === undefined ? [] : [[stepId, costUsd, tokens, unpriced]],
  )
  expect(costs).toEqual([
    ['each', 15.5, 15, ['m']],
    ['each[0]', 7.5, 15, ['m']],
    ['each[0].a', 1, 10, undefined],
    ['each[0].l', 6.5, 5, ['m']],
    ['each[0].l[1].r', 2.5, 5, undefined],
    ['each[0].l[2].r', 4, undefined, ['m']],
    ['each[1]', 8, undefined, undefined],
    ['each[1].a', 8, undefined, undefined],
    ['calls', 48, undefined, undefined],
    ['calls[0]', 16, undefined, undefined],
    ['calls[1]', 32, undefined, undefined],
  ])
})
