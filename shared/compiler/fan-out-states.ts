import { type AgentStep, DEFAULT_MAX_ITEMS, type FanOut } from '../workflow/schema.ts'
import type { Flow, MapState, Onward, State, TaskState } from './asl.ts'
import { controlTask } from './control-states.ts'
import { INPUT, REDRIVES, type StepNames } from './step-names.ts'
import { statesOfStep } from './step-states.ts'

const DEFAULT_CONCURRENCY = 10
/** What an inline Map does side by side. */
const MAX_INLINE_CONCURRENCY = 40
const INDEX = "'[' & $string($states.context.Map.Item.Index) & ']'"

/** Events that the items of an inline Map may come to in the history of its execution, which ends at 25,000. */
const MOST_INLINE_EVENTS = 20_000
/** Of each item, that it begins and has ended. */
const EVENTS_OF_ITEM = 2

/** Wider than an inline Map runs, or longer than the history of one execution holds. */
const isWide = ({ maxConcurrency = 0, maxItems = 0 }: FanOut): boolean =>
  maxConcurrency > MAX_INLINE_CONCURRENCY || maxItems > DEFAULT_MAX_ITEMS

/**
 * Whether each item has an execution of its own. An agent's items are few events each; of whatever is more, the items that there may
 * be have to fit. `events` are those of one item at most.
 */
export const isDistributed = (step: FanOut, events: number): boolean =>
  isWide(step) ||
  (!isOfAgent(step) && (step.maxItems ?? DEFAULT_MAX_ITEMS) * (events + EVENTS_OF_ITEM) > MOST_INLINE_EVENTS)

/** The names of the states that do one item. An item knows its path by its place in the Map, or by the input of its own execution. */
export const namesOfItem = (names: StepNames, step: FanOut, distributed: boolean): StepNames => ({
  name: `${names.name}: item`,
  agent: distributed && isOfAgent(step) ? `${INPUT}.agent` : names.agent,
  path: distributed ? `${INPUT}.path` : `${names.path} & ${INDEX}`,
})

/**
 * Something for each item of a list: the control function stores the list before, and gathers what was answered after. `flow` does
 * one item, and never fails: what its failure means is the fan-out's to say.
 */
export function statesOfFanOut(
  names: StepNames,
  step: FanOut,
  { flow, distributed }: { flow: Flow; distributed: boolean },
  onward: Onward,
): Record<string, State> {
  const [each, end] = [`${names.name}: each`, `${names.name}: end`]
  return {
    [names.name]: controlTask(names, 'begin', { Next: each }),
    [each]: {
      Type: 'Map',
      Items: '{% $states.input.indexes %}',
      MaxConcurrency: step.maxConcurrency ?? DEFAULT_CONCURRENCY,
      ...(distributed
        ? distributedMap(names, step, flow)
        : { ItemProcessor: { ProcessorConfig: { Mode: 'INLINE' as const }, ...flow } }),
      Output: '{% {} %}',
      Next: end,
    },
    [end]: controlTask(names, 'end', onward),
  }
}

/** An execution of its own for each item: it sees nothing of its parent but what it is given, which is its input. */
function distributedMap(
  names: StepNames,
  step: FanOut,
  flow: Flow,
): Pick<MapState, 'ItemProcessor' | 'ItemSelector'> {
  return {
    ItemSelector: {
      taskId: `{% ${INPUT}.taskId %}`,
      path: `{% ${names.path} & ${INDEX} %}`,
      redrives: `{% [${REDRIVES}] %}`,
      ...functionsFor(names, step),
    },
    ItemProcessor: { ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' }, ...flow },
  }
}

/** Whom an item invokes; steps of its own look where they would look outside, and there is nobody planned for what is bound late. */
function functionsFor(names: StepNames, step: FanOut): Record<string, string> {
  if ('workflow' in step) return {}
  if (isOfAgent(step)) return step.bind === 'late' ? {} : { agent: `{% ${names.agent} %}` }
  return {
    functions: `{% ${INPUT}.functions %}`,
    // Where the states have no names of their own: which step each one is.
    steps: `{% $exists(${INPUT}.steps) ? ${INPUT}.steps : {} %}`,
  }
}

const isOfAgent = (step: FanOut): step is AgentStep & FanOut => !('workflow' in step || 'steps' in step)

/** One item as a step of an agent. */
export function flowOfAgentItem(names: StepNames, step: AgentStep): Flow {
  const { forEach: _forEach, description: _description, ...single } = step
  const States = statesOfStep(names, single, { End: true })
  // A receipt for each item would grow with their number.
  States[names.name] = { ...(States[names.name] as TaskState), Output: '{% {} %}' }
  const [StartAt = names.name] = Object.keys(States)
  return { StartAt, States }
}
