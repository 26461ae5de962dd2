import { expect } from 'vitest'
import type { Json } from '../../../shared/domain/json.ts'
import { validateWorkflow } from '../../../shared/workflow/validate-workflow.ts'
import type { Evaluated } from './reference-evaluator.ts'

type RanStep = {
  status: string
  output?: Json
  attempts: readonly { agentId: string; error: { name: string } }[]
}
type Agreeing = { task: { status: string }; steps: ReadonlyMap<string, RanStep>; result?: Json }

/** Paths of steps that can never run according to the validator; other issues fail the test. */
export function neverRunning(source: object): string[] {
  const { issues } = validateWorkflow(source, { lenient: true })
  // Random expressions name members that do not exist, which causes these issues.
  const others = issues.filter(({ code }) => !['unknown-field', 'wrong-type', 'never-equal'].includes(code))
  expect(others.filter(({ code }) => code !== 'never-runs')).toEqual([])
  return others.map(({ path }) => path.replace('steps.', '').replaceAll(/(\.repeat)?\.steps\./g, '.'))
}

/** Checks that a run agrees with the reference evaluator, except where that is uncertain. */
export function agree({ steps, uncertain, result }: Evaluated, ran: Agreeing): void {
  const fatal = [...steps].filter(([, { status }]) => status === 'fatal').map(([path]) => path)
  const certain = [...steps.keys()].filter((path) => !uncertain.has(path))
  // Only expected steps may run.
  expect([...ran.steps.keys()].filter((path) => !steps.has(path))).toEqual([])
  for (const [path, { status, output, attempts }] of ran.steps) {
    const wanted = steps.get(path)
    if (!wanted || (uncertain.has(path) && isStopped(status, attempts))) continue
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

/** A step that its scope's failure stopped: work keeps the status it had, a wait or an approval is cancelled. */
const isStopped = (status: string, attempts: readonly unknown[]): boolean =>
  status === 'running' || (status === 'cancelled' && attempts.length === 0)

/** An approval without its approver and time, and an error without what it says, which the evaluator does not know. */
function plain(value: Json | undefined): Json | undefined {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((one) => plain(one) ?? null)
  if ('stepId' in value && 'path' in value) return { path: value.path as Json }
  const { by: _by, at: _at, ...rest } = value
  const shown = 'decision' in value ? rest : value
  return Object.fromEntries(Object.entries(shown).map(([key, one]) => [key, plain(one as Json) ?? null]))
}
