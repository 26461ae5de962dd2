import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parsePath, placeOf } from '../../shared/domain/instance-path.ts'
import type { Json } from '../../shared/domain/json.ts'
import { WorkflowSchema } from '../../shared/workflow/schema.ts'
import { validateWorkflow } from '../../shared/workflow/validate-workflow.ts'
import { type Ran, runInWorld } from '../support/cloud/workflow-world.ts'
import { type Evaluated, evaluateWorkflow } from '../support/models/reference-evaluator.ts'
import { behaviours, workflows } from '../support/random/random-workflows.ts'

/** As many as a run of all tests has time for; the whole check runs thousands. */
const RUNS = Number(process.env.ORCHESTRATOR_WORKFLOWS ?? 100)
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
          if (attempts.length > 0) count(`${kind} with failed attempts`)
        }
      }),
      { numRuns: RUNS, seed: 20_261_123, endOnFailure: false },
    )
    console.info(JSON.stringify(Object.fromEntries([...seen].sort())))
  })
})

/** The places of steps that the validator says can never run; nothing else may be wrong. */
function neverRunning(source: object): string[] {
  const { issues } = validateWorkflow(source)
  expect(issues.filter(({ code }) => code !== 'never-runs')).toEqual([])
  return issues.map(({ path }) => path.replace('steps.', '').replaceAll(/(\.repeat)?\.steps\./g, '.'))
}

function agree({ steps, uncertain, result }: Evaluated, ran: Ran): void {
  const fatal = [...steps].filter(([, { status }]) => status === 'fatal').map(([path]) => path)
  const certain = [...steps.keys()].filter((path) => !uncertain.has(path))
  // Nothing runs that has no reason to.
  expect([...ran.steps.keys()].filter((path) => !steps.has(path))).toEqual([])
  for (const [path, { status, output, attempts }] of ran.steps) {
    const wanted = steps.get(path)
    if (!wanted || (uncertain.has(path) && status === 'running')) continue
    const by = attempts.map(({ agentId, error }) => `${agentId} ${error.name}`)
    expect({ path, status, output: plain(output), by }).toEqual({
      path,
      status: wanted.status === 'fatal' ? 'failed' : wanted.status,
      output: plain(wanted.output),
      by: wanted.by,
    })
  }
  const isFatal = fatal.some((path) => !path.includes('['))
  expect(ran.task.status).toBe(isFatal ? 'failed' : 'succeeded')
  if (isFatal) return
  expect(certain.filter((path) => !ran.steps.has(path))).toEqual([])
  expect(plain(ran.result)).toEqual(plain(result))
}

/** Who has approved and when is not the evaluator's business. */
function plain(value: Json | undefined): Json | undefined {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((one) => plain(one) ?? null)
  const { by: _by, at: _at, ...rest } = value
  const shown = 'decision' in value ? rest : value
  return Object.fromEntries(Object.entries(shown).map(([key, one]) => [key, plain(one as Json) ?? null]))
}
