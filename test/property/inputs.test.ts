import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { listTaskSteps } from '../../shared/app/views/read-tasks.ts'
import type { StepView } from '../../shared/contracts/views.ts'
import { loopOf, parsePath, placeOf } from '../../shared/domain/instance-path.ts'
import type { Json } from '../../shared/domain/json.ts'
import { stepAtPlace } from '../../shared/workflow/places.ts'
import { type Step, stepKind, type Workflow, WorkflowSchema } from '../../shared/workflow/schema.ts'
import { type Behaviour, makeWorld } from '../support/cloud/workflow-world.ts'
import { behaviours, workflows } from '../support/random/random-workflows.ts'
import { CALLER } from '../support/stores/callers.ts'

const RUNS = Number(process.env.ORCHESTRATOR_WORKFLOWS ?? 25)
const INPUT = { list: [3, 1, 2] }
/** Runs a workflow; answers its steps as a list shows them, and what agents were given last, by path. */
async function run(workflow: Workflow, behaviour: Behaviour) {
  const given = new Map<string, Json>()
  const runOf: Behaviour['runOf'] = (call) => {
    given.set(call.path, structuredClone(call.input))
    return behaviour.runOf(call)
  }
  const world = makeWorld({ ...behaviour, runOf })
  const { task } = await world.run(workflow, INPUT)
  const { steps } = await listTaskSteps(world.ports)(
    { id: task.id, inputs: true, outputs: true, limit: 1_000 },
    CALLER,
  )
  return { steps, given }
}

/** `agent item`: what the coverage of the test is counted by. */
function kindOf(step: Step, { stepId }: StepView): string {
  const isItem = parsePath(stepId).index !== undefined
  const part = 'forEach' in step && step.forEach !== undefined ? (isItem ? ' item' : ' fan-out') : ''
  return `${stepKind(step)}${part}`
}

/** What is shown of the steps that no agent runs, by what is known of them otherwise. */
function expectedOf(step: Step, view: StepView, shown: ReadonlyMap<string, StepView>): unknown {
  const { index } = parsePath(view.stepId)
  if (stepKind(step) === 'repeat') return undefined
  if (stepKind(step) === 'steps' && index !== undefined) {
    const items = shown.get(loopOf(view.stepId))?.input
    return Array.isArray(items) ? items[index] : 'no items'
  }
  if ('emit' in step) return { type: 'random', data: view.output }
  if ('wait' in step) return step.wait
  if ('approval' in step)
    return {
      prompt: parsePath(view.stepId).stepId === 'approval' ? expect.stringContaining('A model asks') : 'Go?',
    }
  if ('converse' in step) return { input: expect.any(Object) }
  return expect.any(Array)
}

describe('the input that is shown of a step', () => {
  it(`is what its agent got, whatever the workflow is (inputs/I1, control/O9): ${RUNS} random workflows`, {
    timeout: 2_000 * RUNS,
  }, async () => {
    const seen = new Map<string, number>()
    await fc.assert(
      fc.asyncProperty(workflows, behaviours, async (source, behaviour) => {
        const workflow = WorkflowSchema.parse(source)
        const { steps, given } = await run(workflow, behaviour)
        const shown = new Map(steps.map((step) => [step.stepId, step]))
        for (const view of steps) {
          const step = stepAtPlace(workflow.steps, placeOf(view.stepId)) as Step
          const asked = given.get(view.stepId)
          const kind = kindOf(step, view)
          const isControl = !('capability' in step) || kind.endsWith('fan-out')
          const is = (input: unknown) => expect([view.stepId, view.input]).toEqual([view.stepId, input])
          if (asked !== undefined) is(asked)
          else if (view.status === 'skipped') is(undefined)
          else if (isControl && view.status === 'succeeded' && !view.degraded)
            is(expectedOf(step, view, shown))
          seen.set(kind, 1 + (seen.get(kind) ?? 0))
        }
      }),
      { numRuns: RUNS, seed: 20_261_128, endOnFailure: false },
    )
    console.info(JSON.stringify(Object.fromEntries([...seen].sort())))
    expect([...seen.keys()].sort()).toEqual([
      'agent',
      'agent fan-out',
      'agent item',
      'approval',
      'converse',
      'emit',
      'repeat',
      'steps fan-out',
      'steps item',
      'wait',
    ])
  })
})
