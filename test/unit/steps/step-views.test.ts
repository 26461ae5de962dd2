import { expect, it } from 'vitest'
import { stepViews } from '../../../shared/app/views/task-views.ts'
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
