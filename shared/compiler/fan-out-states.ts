import {
  type AgentStep,
  DEFAULT_CONCURRENCY,
  DEFAULT_MAX_ITEMS,
  type FanOut,
  isAgentStep,
  MOST_TOGETHER,
} from '../workflow/schema.ts'
import { byFanOutKind } from '../workflow/step-kinds.ts'
import type { ChoiceState, Flow, MapState, Onward, State, SucceedState, TaskState } from './asl.ts'
import { controlTask } from './control-states.ts'
import { INPUT, REDRIVES, type StepNames } from './step-names.ts'
import { statesOfStep, wayOut } from './step-states.ts'

/** The concurrency limit of an inline Map. */
const MAX_INLINE_CONCURRENCY = 40
const INDEX = "'[' & $string($states.context.Map.Item.Index) & ']'"

/** The most history events for the items of an inline Map; an execution's history is limited to 25,000. */
const MOST_INLINE_EVENTS = 20_000
/** Map events of each item: started and succeeded. */
const EVENTS_OF_ITEM = 2

/**
 * Where items run: in the fan-out's execution, each in its own execution, or decided when the fan-out begins, because many items that wait
 * for busy agents would overflow one history.
 */
export type Mode = 'inline' | 'distributed' | 'either'

/** Whether a fan-out exceeds the concurrency or the history of an inline Map. */
const isWide = ({ maxConcurrency = 0, maxItems = 0 }: FanOut): boolean =>
  maxConcurrency > MAX_INLINE_CONCURRENCY || maxItems > DEFAULT_MAX_ITEMS

/**
 * An agent's item has few events unless the agent is busy; for other kinds the largest number of items has to fit. `events` is the maximum
 * for one item.
 */
export function modeOf(step: FanOut, events: number): Mode {
  if (isWide(step)) return 'distributed'
  const { maxItems = DEFAULT_MAX_ITEMS } = step
  if (isAgentStep(step)) return maxItems > MOST_TOGETHER ? 'either' : 'inline'
  return maxItems * (events + EVENTS_OF_ITEM) > MOST_INLINE_EVENTS ? 'distributed' : 'inline'
}

/**
 * The states of a fan-out: the control function stores the list before, and collects the outputs afterwards. `flowOf` gives the states of
 * one item; they never fail, because the fan-out decides what a failure means.
 */
export function statesOfFanOut(
  names: StepNames,
  step: FanOut,
  { flowOf, mode }: { flowOf: (item: StepNames) => Flow; mode: Mode },
  onward: Onward,
): Record<string, State> {
  const { name } = names
  const [how, each, alone, end] = [`${name}: how?`, `${name}: each`, `${name}: alone`, `${name}: end`]
  const map = (itself: Pick<MapState, 'ItemProcessor' | 'ItemSelector'>): MapState => ({
    Type: 'Map',
    Items: '{% $states.input.indexes %}',
    MaxConcurrency: lanes(step),
    ...itself,
    Output: '{% {} %}',
    Next: end,
  })
  const inline = map({
    ItemProcessor: { ProcessorConfig: { Mode: 'INLINE' }, ...flowOf(itemInline(names, `${name}: item`)) },
  })
  const apart = (item: string): MapState =>
    map(distributed(names, step, flowOf(itemApart(names, step, item))))
  const choice: ChoiceState = {
    Type: 'Choice',
    Choices: [{ Condition: '{% $exists($states.input.apart) %}', Next: alone }],
    Default: each,
  }
  const middle: Record<Mode, Record<string, State>> = {
    inline: { [each]: inline },
    distributed: { [each]: apart(`${name}: item`) },
    either: { [how]: choice, [each]: inline, [alone]: apart(`${name}: lone`) },
  }
  return {
    [name]: controlTask(names, 'begin', { Next: mode === 'either' ? how : each }),
    ...middle[mode],
    [end]: controlTask(names, 'end', onward),
  }
}

/** The concurrency: as many items as the agents accept, which is known when the fan-out begins. */
const lanes = ({ maxConcurrency = DEFAULT_CONCURRENCY }: FanOut): string =>
  `{% $exists($states.input.lanes) ? $states.input.lanes : ${maxConcurrency} %}`

/** The names of an item's states, whose index comes from the Map, or from the input of the item's own execution. */
const itemInline = (names: StepNames, name: string): StepNames => ({
  ...names,
  name,
  path: `${names.path} & ${INDEX}`,
})
const itemApart = ({ agent }: StepNames, step: FanOut, name: string): StepNames => ({
  name,
  agent: isAgentStep(step) ? `${INPUT}.agent` : agent,
  path: `${INPUT}.path`,
})

/** A distributed Map, with an execution for each item, which knows only its input. */
function distributed(
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

/** The functions that an item's states invoke. The steps of a body look them up by name; late binding needs none. */
function functionsFor(names: StepNames, step: FanOut): Record<string, string> {
  return byFanOutKind<Record<string, string>>(step, {
    agent: ({ bind }) => (bind === 'late' ? {} : { agent: `{% ${names.agent} %}` }),
    steps: () => ({
      functions: `{% ${INPUT}.functions %}`,
      // With positional names: the step at each position.
      steps: `{% $exists(${INPUT}.steps) ? ${INPUT}.steps : {} %}`,
    }),
    workflow: () => ({}),
  })
}

/** An item that an agent runs. */
export function flowOfAgentItem(names: StepNames, step: AgentStep, suspends: boolean): Flow {
  const { forEach: _forEach, description: _description, ...single } = step
  const onward = { End: true } as const
  const States = statesOfStep(names, single, onward, suspends)
  // Dropped, because the Map's output would grow with each item's receipt.
  const last = suspends ? wayOut(names, onward).to : names.name
  States[last] = { ...(States[last] as TaskState | SucceedState), Output: '{% {} %}' }
  const [StartAt = names.name] = Object.keys(States)
  return { StartAt, States }
}
