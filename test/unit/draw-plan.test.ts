import { expect, it } from 'vitest'
import { columnsOf, drawColumns, mermaidOf } from '../../cli/draw-plan.ts'

const plan = {
  steps: [
    { stepId: 'a', needs: [] },
    { stepId: 'long_name', needs: [] },
    { stepId: 'c', needs: ['a'] },
    { stepId: 'd', needs: ['a', 'long_name'] },
  ],
  gates: [{ before: 'd', after: ['a'] }],
}

it('draws a plan for a terminal: what can run when, and who waits at a gate', () => {
  expect(drawColumns(columnsOf(plan))).toBe(['a          ->  c', 'long_name      d*'].join('\n'))
})

it('draws a plan as Mermaid, edges of gates dotted', () => {
  expect(mermaidOf(plan).split('\n')).toEqual([
    'flowchart LR',
    '  a',
    '  long_name',
    '  a --> c',
    '  a -. gate .-> d',
    '  long_name --> d',
  ])
})
