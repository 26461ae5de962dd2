import { compileWorkflow } from '../../shared/compiler/index.ts'
import type { Gate } from '../../shared/domain/plan.ts'
import { validateWorkflow } from '../../shared/workflow/validate-workflow.ts'
import { compileFlow, insertGate, sideBySide } from '../../test/support/gated-workflow.ts'

/** What the benches run: steps, the machine they compile to, and how many of them there are. */
export type BenchWorkflow = {
  name: string
  steps: Record<string, object>
  definition: object
  gates?: Gate[]
}

type Step = { needs?: string[]; milliseconds?: number }

const stepOf = ({ needs = [], milliseconds = 0 }: Step): object => ({
  agent: 'echo',
  capability: 'echo',
  input: { milliseconds },
  ...(needs.length > 0 ? { needs } : {}),
})

function compiled(name: string, shape: Record<string, Step>): BenchWorkflow {
  const steps = Object.fromEntries(Object.entries(shape).map(([id, step]) => [id, stepOf(step)]))
  const { workflow, issues } = validateWorkflow({ name, steps })
  if (!workflow) throw new Error(JSON.stringify(issues))
  const result = compileWorkflow(workflow)
  if (!result.compiled) throw new Error(JSON.stringify(result.issues))
  return { name, steps, definition: result.compiled.definition }
}

const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index)

export const chain = (length: number): BenchWorkflow =>
  compiled(
    `chain${length}`,
    Object.fromEntries(range(length).map((n) => [`s${n}`, n === 0 ? {} : { needs: [`s${n - 1}`] }])),
  )

export const fanOut = (width: number): BenchWorkflow =>
  compiled(`fan${width}`, {
    ...Object.fromEntries(range(width).map((n) => [`s${n}`, {}])),
    join: { needs: range(width).map((n) => `s${n}`) },
  })

export const diamond = (): BenchWorkflow =>
  compiled('diamond', {
    a: {},
    b: { needs: ['a'] },
    c: { needs: ['a'] },
    d: { needs: ['a'] },
    e: { needs: ['b', 'c', 'd'] },
  })

/**
 * `a -> c`, `a -> d`, `b -> d` with 50, 400, 400 and 50 ms: no series-parallel structure says that. Here `a, c` and `b, d`
 * are branches, and `d` waits at a gate for `a`.
 */
export function unbalanced(): BenchWorkflow {
  const left = { a: stepOf({ milliseconds: 50 }), c: stepOf({ needs: ['a'], milliseconds: 400 }) }
  const right = { b: stepOf({ milliseconds: 400 }), d: stepOf({ needs: ['b'], milliseconds: 50 }) }
  return {
    name: 'unbalanced',
    steps: { ...left, ...right, d: stepOf({ needs: ['a', 'b'], milliseconds: 50 }) },
    gates: [{ before: 'd', after: ['a'] }],
    definition: sideBySide([compileFlow(left), insertGate(compileFlow(right), 'd', 1)]),
  }
}
