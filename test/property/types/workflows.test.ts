import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../../shared/domain/random.ts'
import { validateWorkflow } from '../../../shared/workflow/validate-workflow.ts'
import { PLANTS, plantMistake } from '../../support/random/planted-mistakes.ts'
import { TYPED_CATALOGUE, typedWorkflow } from '../../support/random/typed-workflows.ts'

const RUNS = 500
const issuesOf = (workflow: unknown) => validateWorkflow(workflow, { catalogue: TYPED_CATALOGUE }).issues

describe('a workflow that is well typed', () => {
  it(`has no issues, of ${RUNS} (types/Q2, types/Q3)`, () => {
    for (let seed = 0; seed < RUNS; seed++) {
      const workflow = typedWorkflow(seededRandom(`typed ${seed}`))
      expect(issuesOf(workflow), JSON.stringify(workflow, null, 1)).toEqual([])
    }
  })
})

describe('a mistake in one name or type', () => {
  it(`is found at its place, each of ${RUNS}`, () => {
    const kinds = new Set<string>()
    for (let seed = 0; seed < RUNS; seed++) {
      const random = seededRandom(`planted ${seed}`)
      const { what, workflow, at, planted } = plantMistake(typedWorkflow(random), random)
      const issues = issuesOf(workflow)
      const isThere = issues.some(({ path }) => path.startsWith(at) || at.startsWith(path))
      expect(isThere, JSON.stringify({ seed, what, at, planted, issues, workflow }, null, 1)).toBe(true)
      kinds.add(what)
    }
    expect([...kinds].sort()).toEqual(Object.keys(PLANTS).sort())
  })
})
