import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parsePath, placeOf } from '../../shared/domain/instance-path.ts'
import { WorkflowSchema } from '../../shared/workflow/schema.ts'
import { runInWorld } from '../support/cloud/workflow-world.ts'
import { agree, neverRunning } from '../support/models/agree.ts'
import { evaluateWorkflow } from '../support/models/reference-evaluator.ts'
import { behaviours, workflows } from '../support/random/random-workflows.ts'

/** A number that fits a run of all tests; longer runs use thousands. */
const RUNS = Number(process.env.ORCHESTRATOR_WORKFLOWS ?? 50)
const INPUT = { list: [3, 1, 2] }

describe('a compiled workflow that the engine runs', () => {
  it(`means what the reference evaluator says: ${RUNS} random workflows`, {
    timeout: 2_000 * RUNS,
  }, async () => {
    const seen = new Map<string, number>()
    const count = (what: string): void => void seen.set(what, 1 + (seen.get(what) ?? 0))
    await fc.assert(
      fc.asyncProperty(workflows, behaviours, fc.boolean(), async (source, behaviour, anonymous) => {
        const workflow = WorkflowSchema.parse(source)
        const expected = await evaluateWorkflow(workflow, INPUT, behaviour)
        const refused = neverRunning(source)
        for (const step of refused) {
          const runs = [...expected.steps].filter(([path]) => placeOf(path) === step)
          expect(runs.filter(([, { status }]) => status !== 'skipped')).toEqual([])
        }
        if (refused.length > 0) return count('refused: a step can never run')
        const ran = await runInWorld(workflow, INPUT, behaviour, { anonymous })
        agree(expected, ran)
        count(`tasks ${ran.task.status}`)
        for (const [path, { status, attempts }] of ran.steps) {
          const { scope, index } = parsePath(path)
          const kind = index !== undefined ? 'items' : scope === '' ? 'steps' : 'steps in bodies'
          count(`${kind} ${status}`)
          if (/\.(turn|call)$/.test(path)) count(`${path.endsWith('.call') ? 'calls' : 'turns'} ${status}`)
          if (attempts.length > 0) count(`${kind} with failed attempts`)
        }
      }),
      { numRuns: RUNS, seed: 20_261_123, endOnFailure: false },
    )
    console.info(JSON.stringify(Object.fromEntries([...seen].sort())))
    for (const what of ['turns succeeded', 'calls succeeded'])
      expect(seen.get(what) ?? 0, what).toBeGreaterThan(0)
  })
})
