import type { Flow, State } from './definition.ts'
import { asText } from './history.ts'
import { leave } from './leave-state.ts'
import { requireFits } from './payload-limit.ts'
import { type Entry, type Exit, makeEntry, type Scope } from './scope.ts'
import { StateError } from './state-error.ts'
import { runChoice } from './states/choice.ts'
import { runFailable } from './states/failable.ts'
import { callMap } from './states/map.ts'
import { callParallel } from './states/parallel.ts'
import { callTask } from './states/task.ts'
import { runWait } from './states/wait.ts'

const MAX_EVENTS = 25_000

/** Runs states from `StartAt` until one ends the flow. `after` is the event that led here. */
export async function runFlow(
  flow: Flow,
  input: unknown,
  scope: Scope,
  after: number,
): Promise<{ output: unknown; last: number }> {
  let name: string | undefined = flow.StartAt
  let last = after
  let current = input
  let variables = scope.variables
  while (name !== undefined) {
    scope.signal.throwIfAborted()
    const exit: Exit = await runState(
      name,
      flow.States[name] as State,
      current,
      { ...scope, variables },
      last,
    )
    if (Object.keys(exit.assigned).length > 0) variables = { ...variables, ...exit.assigned }
    current = exit.output
    last = exit.last
    name = exit.next
  }
  return { output: current, last }
}

async function runState(
  name: string,
  state: State,
  input: unknown,
  scope: Scope,
  after: number,
): Promise<Exit> {
  const { history } = scope.execution
  if (history.events.length >= MAX_EVENTS)
    throw new StateError(
      'States.Runtime',
      `The execution reached the maximum number of history events (${MAX_EVENTS}).`,
    )
  const entered = history.add(after, `${state.Type}StateEntered`, {
    stateEnteredEventDetails: { name, input: asText(input) },
  })
  const exit = await behave(makeEntry(name, state, input, scope, entered))
  scope.signal.throwIfAborted()
  requireFits(name, exit.output)
  const details = {
    name,
    output: asText(exit.output),
    ...(Object.keys(exit.assigned).length > 0
      ? {
          assignedVariables: Object.fromEntries(
            Object.entries(exit.assigned).map(([key, value]) => [key, asText(value)]),
          ),
        }
      : {}),
  }
  const last = history.add(exit.last, `${state.Type}StateExited`, { stateExitedEventDetails: details })
  return { ...exit, last }
}

async function behave(entry: Entry): Promise<Exit> {
  const { state } = entry
  if (state.Type === 'Task') return runFailable(entry as Entry<typeof state>, callTask)
  if (state.Type === 'Parallel') return runFailable(entry as Entry<typeof state>, callParallel)
  if (state.Type === 'Map') return runFailable(entry as Entry<typeof state>, callMap)
  if (state.Type === 'Choice') return runChoice(entry as Entry<typeof state>)
  if (state.Type === 'Wait') return runWait(entry as Entry<typeof state>)
  if (state.Type === 'Fail') throw await failure(entry as Entry<typeof state>)
  return leave(entry, entry.input, entry.entered)
}

/** What is left out stays out: a Fail state may say nothing at all. */
async function failure(entry: Entry<Extract<State, { Type: 'Fail' }>>): Promise<StateError> {
  const { Error: error, Cause: cause } = entry.state
  const text = async (value: unknown, field: string): Promise<string | undefined> =>
    value === undefined ? undefined : String(await entry.evaluate(value, field))
  return new StateError(await text(error, 'Error'), await text(cause, 'Cause'))
}
