import type { Random } from '../../shared/domain/random.ts'
import { type Workflow, WorkflowSchema } from '../../shared/workflow/schema.ts'

export type RandomPlan = { workflow: Workflow; input: { list: number[]; wanted: boolean } }

const [LEAST_STEPS, MOST_STEPS] = [3, 20]
const ITEMS = 12

/** A graph of 3 to 20 steps; each needs one or two before it, some fan out over a list, some may fail. */
export function makeRandomPlan(random: Random, capabilities: number): RandomPlan {
  const size = LEAST_STEPS + Math.floor(random() * (MOST_STEPS - LEAST_STEPS + 1))
  const steps = Array.from({ length: size }, (_, at) => {
    const wanted = Math.min(at, Math.floor(random() * 3))
    const needs = [...new Set(Array.from({ length: wanted }, () => `s${Math.floor(random() * at)}`))]
    const step = {
      capability: `work.c${Math.floor(random() * capabilities)}`,
      needs,
      join: 'settled',
      ...(random() < 0.15 ? { forEach: '{% $input.list %}', maxConcurrency: 4, tolerate: '50%' } : {}),
      ...(random() < 0.3 ? { onFailure: 'continue' } : {}),
      ...(random() < 0.1
        ? { when: random() < 0.5 ? '{% $input.wanted %}' : '{% $not($input.wanted) %}' }
        : {}),
    }
    return [`s${at}`, step] as const
  })
  const workflow = WorkflowSchema.parse({ name: 'random', steps: Object.fromEntries(steps) })
  const list = Array.from({ length: ITEMS }, (_, at) => at)
  return { workflow, input: { list, wanted: random() < 0.5 } }
}
