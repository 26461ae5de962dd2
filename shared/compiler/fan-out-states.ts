import { type AgentStep, DEFAULT_MAX_ITEMS } from '../workflow/schema.ts'
import type { Flow, MapState, Onward, State, TaskState } from './asl.ts'
import { controlTask } from './control-states.ts'
import { INPUT, REDRIVES, type StepNames } from './step-names.ts'
import { statesOfStep } from './step-states.ts'

const DEFAULT_CONCURRENCY = 10
/** What an inline Map does side by side. */
const MAX_INLINE_CONCURRENCY = 40
const INDEX = "'[' & $string($states.context.Map.Item.Index) & ']'"

/** Wider than an inline Map runs, or longer than the history of one execution holds. */
export const isDistributed = ({ maxConcurrency = 0, maxItems = 0 }: AgentStep): boolean =>
  maxConcurrency > MAX_INLINE_CONCURRENCY || maxItems > DEFAULT_MAX_ITEMS

/** A step for each item of a list: the control function stores the list before, and gathers what was answered after. */
export function statesOfFanOut(names: StepNames, step: AgentStep, onward: Onward): Record<string, State> {
  const [each, end] = [`${names.name}: each`, `${names.name}: end`]
  return {
    [names.name]: controlTask(names, 'begin', { Next: each }),
    [each]: {
      Type: 'Map',
      Items: '{% $states.input.indexes %}',
      MaxConcurrency: step.maxConcurrency ?? DEFAULT_CONCURRENCY,
      ...(isDistributed(step) ? distributed(names, step) : inline(names, step)),
      Output: '{% {} %}',
      Next: end,
    },
    [end]: controlTask(names, 'end', onward),
  }
}

function inline(names: StepNames, step: AgentStep): Pick<MapState, 'ItemProcessor'> {
  const flow = flowOfItem({ ...names, path: `${names.path} & ${INDEX}` }, step)
  return { ItemProcessor: { ProcessorConfig: { Mode: 'INLINE' }, ...flow } }
}

/** An execution of its own for each item: it sees nothing of its parent but what it is given, which is its input. */
function distributed(names: StepNames, step: AgentStep): Pick<MapState, 'ItemProcessor' | 'ItemSelector'> {
  const flow = flowOfItem({ ...names, agent: `${INPUT}.agent`, path: `${INPUT}.path` }, step)
  return {
    ItemSelector: {
      taskId: `{% ${INPUT}.taskId %}`,
      path: `{% ${names.path} & ${INDEX} %}`,
      redrives: `{% [${REDRIVES}] %}`,
      // Nobody is planned for what is bound late.
      ...(step.bind === 'late' ? {} : { agent: `{% ${names.agent} %}` }),
    },
    ItemProcessor: { ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' }, ...flow },
  }
}

function flowOfItem(names: StepNames, step: AgentStep): Flow {
  const { forEach: _forEach, description: _description, ...single } = step
  const item = `${names.name}: item`
  const States = statesOfStep({ ...names, name: item }, single, { End: true })
  // A receipt for each item would grow with their number.
  States[item] = { ...(States[item] as TaskState), Output: '{% {} %}' }
  const [StartAt = item] = Object.keys(States)
  return { StartAt, States }
}
