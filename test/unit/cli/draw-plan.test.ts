import { expect, it } from 'vitest'
import { columnsOf, drawColumns, mermaidOf } from '../../../cli/show/draw-plan.ts'

const plan = {
  steps: [
    { stepId: 'a', kind: 'agent' as const, needs: [] },
    { stepId: 'long_name', kind: 'agent' as const, needs: [] },
    { stepId: 'c', kind: 'agent' as const, needs: ['a'] },
    { stepId: 'd', kind: 'agent' as const, needs: ['a', 'long_name'] },
  ],
  gates: [{ before: 'd', after: ['a'] }],
}

it('draws a plan for a terminal: what can run when, and who waits at a gate', () => {
  expect(drawColumns(columnsOf(plan))).toBe(['a          ->  c', 'long_name      d*'].join('\n'))
})

it('draws a plan as Mermaid, edges of gates dotted', () => {
  expect(mermaidOf(plan).split('\n')).toEqual([
    'flowchart LR',
    '  n_a["a"]',
    '  n_long_name["long_name"]',
    '  n_c["c"]',
    '  n_a --> n_c',
    '  n_d["d"]',
    '  n_a -. gate .-> n_d',
    '  n_long_name --> n_d',
  ])
})

const looped = {
  steps: [
    { stepId: 'seed', kind: 'agent' as const, needs: [] },
    { stepId: 'improve', kind: 'repeat' as const, needs: ['seed'] },
    { stepId: 'improve.draft', kind: 'agent' as const, needs: [] },
    { stepId: 'improve.other', kind: 'agent' as const, needs: [] },
    { stepId: 'improve.judge', kind: 'agent' as const, needs: ['improve.draft'] },
    { stepId: 'last', kind: 'agent' as const, needs: ['improve'] },
  ],
  gates: [],
}

it('draws a loop with its steps in brackets, and as a box', () => {
  expect(drawColumns(columnsOf(looped))).toBe('seed  ->  improve (draft other > judge)  ->  last')
  expect(mermaidOf(looped).split('\n')).toEqual([
    'flowchart LR',
    '  n_seed["seed"]',
    '  subgraph n_improve["improve (loop)"]',
    '    n_improve__draft["draft"]',
    '    n_improve__other["other"]',
    '    n_improve__judge["judge"]',
    '    n_improve__draft --> n_improve__judge',
    '  end',
    '  n_seed --> n_improve',
    '  n_last["last"]',
    '  n_improve --> n_last',
  ])
})

it('draws steps for each item the same way, one in another', () => {
  const steps = [
    { stepId: 'pages', kind: 'steps' as const, needs: [] },
    { stepId: 'pages.lines', kind: 'steps' as const, needs: [] },
    { stepId: 'pages.lines.up', kind: 'agent' as const, needs: [] },
  ]
  expect(drawColumns(columnsOf({ steps, gates: [] }))).toBe('pages (lines (up))')
  expect(mermaidOf({ steps, gates: [] }).split('\n')).toEqual([
    'flowchart LR',
    '  subgraph n_pages["pages (for each)"]',
    '    subgraph n_pages__lines["lines (for each)"]',
    '      n_pages__lines__up["up"]',
    '    end',
    '  end',
  ])
})
