import type { Json, JsonObject } from '../../domain/json.ts'
import { bytesOf } from '../../domain/model-tokens.ts'
import type { StepRecord } from '../../domain/step.ts'
import type { Ports } from '../../ports/index.ts'
import type { Workflow } from '../../workflow/schema.ts'

/** What a plan that has failed leaves behind. */
export type DoneBefore = {
  workflow: Workflow
  /** The outputs of its steps that have succeeded, by id. */
  outputs: JsonObject
  /** Steps that have succeeded, and whose outputs are too large to be handed on. */
  tooLarge: string[]
  /** Steps that have failed, with their messages. */
  failed: { id: string; message: string }[]
}

/** Outputs go into the input of the next plan, and so into a record of its own. */
const MOST_BYTES = 200_000

type Needs = Pick<Ports, 'tasks' | 'plans' | 'steps' | 'values'>

/** What the child of a step of this task has done; undefined where the step has begun no child. Reads nothing of other tasks. */
export async function doneBefore(
  { tasks, plans, steps, values }: Needs,
  taskId: string,
  path: string,
): Promise<DoneBefore | undefined> {
  const [record] = await steps.findSteps(taskId, [path])
  const child = record?.child === undefined ? undefined : await tasks.findTask(record.child)
  if (!child || child.parent?.taskId !== taskId) return undefined
  const { workflow } = await plans.getPlan(child.id, child.execution)
  const ofChild = await steps.listSteps(child.id)
  const own = new Map(ofChild.map((one) => [one.path, one]))
  const done: DoneBefore = { workflow, outputs: {}, tooLarge: [], failed: [] }
  let left = MOST_BYTES
  for (const id of Object.keys(workflow.steps)) {
    const step = own.get(id)
    if (step?.status === 'failed') done.failed.push({ id, message: step.error?.message ?? 'it failed' })
    const output = step && (await outputOf(values, step))
    if (output === undefined) continue
    const bytes = bytesOf(JSON.stringify(output))
    left -= bytes
    if (left < 0) done.tooLarge.push(id)
    else done.outputs[id] = output
  }
  return done
}

async function outputOf(values: Needs['values'], { status, output }: StepRecord): Promise<Json | undefined> {
  return status === 'succeeded' && output ? values.loadValue(output) : undefined
}
