import {
  type AgentStep,
  DEFAULT_CONCURRENCY,
  DEFAULT_MAX_ITEMS,
  type FanOut,
  isAgentStep,
  MOST_TOGETHER,
} from '../workflow/schema.ts'
import { byFanOutKind } from '../workflow/step-kinds.ts'
import type { ChoiceState, Flow, MapState, Onward, State, TaskState } from './asl.ts'
import { controlTask } from './control-states.ts'
import { INPUT, REDRIVES, type StepNames } from './step-names.ts'
import { statesOfStep } from './step-states.ts'

/** What an inline Map does side by side. */
const MAX_INLINE_CONCURRENCY = 40
const INDEX = "'[' & $string($states.context.Map.Item.Index) & ']'"

/** Events that the items of an inline Map may come to in the history of its execution, which ends at 25,000. */
const MOST_INLINE_EVENTS = 20_000
/** Of each item, that it begins and has ended. */
const EVENTS_OF_ITEM = 2

/**
 * Where items run: in the execution of their fan-out, each in an execution of its own, or as is known when the fan-out begins: so
 * many items that wait for agents do not fit into one history.
 */
export type Mode = 'inline' | 'distributed' | 'either'

/** Wider than an inline Map runs, or longer than the history of one execution holds. */
const isWide = ({ maxConcurrency = 0, maxItems = 0 }: FanOut): boolean =>
  maxConcurrency > MAX_INLINE_CONCURRENCY || maxItems > DEFAULT_MAX_ITEMS

/**
 * An agent's items are few events each, if it is not busy; of whatever is more, the items that there may be have to fit. `events` are
 * those of one item at most.
 */
export function modeOf(step: FanOut, events: number): Mode {
  if (isWide(step)) return 'distributed'
  const { maxItems = DEFAULT_MAX_ITEMS } = step
  if (isAgentStep(step)) return maxItems > MOST_TOGETHER ? 'either' : 'inline'
  return maxItems * (events + EVENTS_OF_ITEM) > MOST_INLINE_EVENTS ? 'distributed' : 'inline'
}

/**
 * Something for each item of a list: the control function stores the list before, and gathers what was answered after. `flowOf` gives
 * the states of one item by their names; they never fail: what a failure means is the fan-out's to say.
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

/** As many as the agents take, which is known when it begins. */
const lanes = ({ maxConcurrency = DEFAULT_CONCURRENCY }: FanOut): string =>
  `{% $exists($states.input.lanes) ? $states.input.lanes : ${maxConcurrency} %}`

/** The names of the states that do one item: by its place in the Map, or by the input of its own execution. */
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

/** An execution of its own for each item: it sees nothing of its parent but what it is given, which is its input. */
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

/** Whom an item invokes; steps of its own look where they would look outside, and there is nobody planned for what is bound late. */
function functionsFor(names: StepNames, step: FanOut): Record<string, string> {
  return byFanOutKind<Record<string, string>>(step, {
    agent: ({ bind }) => (bind === 'late' ? {} : { agent: `{% ${names.agent} %}` }),
    steps: () => ({
      functions: `{% ${INPUT}.functions %}`,
      // Where the states have no names of their own: which step each one is.
      steps: `{% $exists(${INPUT}.steps) ? ${INPUT}.steps : {} %}`,
    }),
    workflow: () => ({}),
  })
}

/** One item as a step of an agent. */
export function flowOfAgentItem(names: StepNames, step: AgentStep): Flow {
  const { forEach: _forEach, description: _description, ...single } = step
  const States = statesOfStep(names, single, { End: true })
  // A receipt for each item would grow with their number.
  States[names.name] = { ...(States[names.name] as TaskState), Output: '{% {} %}' }
  const [StartAt = names.name] = Object.keys(States)
  return { StartAt, States }
}
