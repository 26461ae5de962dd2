import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { compileWorkflow } from '../../shared/compiler/index.ts'
import { validateWorkflow } from '../../shared/workflow/validate-workflow.ts'

type Plan = { name: string; n: number; e: [number, number][] }

/** Real agent plans, kept outside the repository because of their size. */
const FOLDER = process.env.ORCHESTRATOR_DAGS ?? join(import.meta.dirname, '../../../shared/dags')
const files = ['worfbench.json', 'toolplans.json'].map((name) => join(FOLDER, name)).filter(existsSync)
if (files.length === 0)
  console.warn(`SKIPPED: no real plans in ${FOLDER}; set ORCHESTRATOR_DAGS to their folder`)

function workflowOf({ n, e }: Plan) {
  const steps = Array.from({ length: n }, (_, to) => {
    const needs = e.filter(([, after]) => after === to).map(([before]) => `s${before}`)
    return [`s${to}`, { capability: 'echo', needs }] as const
  })
  return validateWorkflow({ name: 'plan', steps: Object.fromEntries(steps) })
}

describe.skipIf(files.length === 0)('real agent plans', () => {
  it.each(files)('%s: each is compiled, or refused for a cycle that is named', (file) => {
    const plans = JSON.parse(readFileSync(file, 'utf8')) as Plan[]
    const counts = { compiled: 0, cyclic: 0, gates: 0 }
    for (const plan of plans) {
      const { workflow, issues } = workflowOf(plan)
      if (!workflow) {
        expect(issues).toEqual([
          { code: 'cycle', path: 'steps', message: expect.stringMatching(/: (s\d+)( -> s\d+)* -> \1$/) },
        ])
        counts.cyclic += 1
        continue
      }
      const { gates } = compileWorkflow(workflow)
      counts.compiled += 1
      counts.gates += gates.length
    }
    console.info(`${file}: ${JSON.stringify(counts)}`)
    expect(counts.cyclic).toBe(file.endsWith('toolplans.json') ? 72 : 0)
    expect(counts.gates / counts.compiled).toBeLessThan(0.02)
  })
})
