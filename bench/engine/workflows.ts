import { compiledWorkflow } from '../../test/support/cloud/compiled-workflow.ts'
import type { StoredWorkflow } from '../../test/support/stores/stored-runs.ts'

type Step = { needs?: string[]; milliseconds?: number }

function compiled(name: string, shape: Record<string, Step>): StoredWorkflow {
  const steps = Object.entries(shape).map(([id, { needs = [], milliseconds = 0 }]) => {
    const step = { agent: 'echo', capability: 'echo', input: { milliseconds } }
    return [id, needs.length > 0 ? { ...step, needs } : step] as const
  })
  return compiledWorkflow(name, Object.fromEntries(steps))
}

const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index)

export const chain = (length: number): StoredWorkflow =>
  compiled(
    `chain${length}`,
    Object.fromEntries(range(length).map((n) => [`s${n}`, n === 0 ? {} : { needs: [`s${n - 1}`] }])),
  )

export const fanOut = (width: number): StoredWorkflow =>
  compiled(`fan${width}`, {
    ...Object.fromEntries(range(width).map((n) => [`s${n}`, {}])),
    join: { needs: range(width).map((n) => `s${n}`) },
  })

export const diamond = (): StoredWorkflow =>
  compiled('diamond', {
    a: {},
    b: { needs: ['a'] },
    c: { needs: ['a'] },
    d: { needs: ['a'] },
    e: { needs: ['b', 'c', 'd'] },
  })

/** `a -> c`, `a -> d`, `b -> d` with 50, 400, 400 and 50 ms: not series-parallel, so that `d` waits at a gate. */
export const unbalanced = (): StoredWorkflow =>
  compiled('unbalanced', {
    a: { milliseconds: 50 },
    b: { milliseconds: 400 },
    c: { needs: ['a'], milliseconds: 400 },
    d: { needs: ['a', 'b'], milliseconds: 50 },
  })
