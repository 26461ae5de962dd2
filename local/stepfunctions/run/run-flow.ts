import type { Flow, State } from '../definition/definition.ts'
import { requireVariablesFit } from '../query/payload-limit.ts'
import { runChoice } from '../states/choice.ts'
import { runFailable } from '../states/failable.ts'
import { callMap } from '../states/map.ts'
import { callParallel } from '../states/parallel.ts'
import { callTask } from '../states/task.ts'
import { runWait } from '../states/wait.ts'
import { asText, detailsOf, type Recorded } from './history.ts'
import { leave } from './leave-state.ts'
import * as places from './places.ts'
import { type Entry, type Exit, makeEntry, type Scope } from './scope.ts'
import { Failed, SiblingFailed, StateError } from './state-error.ts'

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
  for (let position = 0; name !== undefined; position++) {
    scope.signal.throwIfAborted()
    const state = flow.States[name] as State
    const exit: Exit = await runState(name, state, current, { ...scope, variables }, position, last)
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
  position: number,
  after: number,
): Promise<Exit> {
  const { history } = scope.execution
  const place = `${scope.place}${position}`
  const exited = history.take(places.left(place))
  if (exited) return exitOf(exited)
  const known = history.find(places.entered(place))
  // The recorded input is used on replay, because the expression may give another result now.
  const given = known ? (JSON.parse(String(detailsOf(known.event).input)) as unknown) : input
  const {
    id: enteredId,
    timestamp,
    event,
  } = history.record(places.entered(place), () => {
    const details = { name, input: asText(input) }
    return { after, type: `${state.Type}StateEntered`, details: { stateEnteredEventDetails: details } }
  })
  const entered = { id: enteredId, timestamp, after: event.previousEventId }
  const exit = await behave(makeEntry(name, state, given, scope, place, entered)).catch((thrown: unknown) => {
    if (thrown instanceof SiblingFailed) {
      history.recordBadEnd(places.aborted(place), () => ({
        after: thrown.last,
        type: `${state.Type}StateAborted`,
      }))
    }
    throw thrown
  })
  scope.signal.throwIfAborted()
  const assigned = Object.entries(exit.assigned)
  if (assigned.length > 0) requireVariablesFit(name, { ...scope.variables, ...exit.assigned }, exit.assigned)
  const { id } = history.record(places.left(place), () => {
    const details = {
      name,
      output: asText(exit.output),
      ...(assigned.length > 0
        ? { assignedVariables: Object.fromEntries(assigned.map(([key, value]) => [key, asText(value)])) }
        : {}),
    }
    return {
      after: exit.last,
      type: `${state.Type}StateExited`,
      details: { stateExitedEventDetails: details },
      // The event has no field for the next state, so a note keeps it.
      ...(exit.next === undefined ? {} : { note: exit.next }),
    }
  })
  return { ...exit, last: id }
}

/** How a state was left, as recorded. */
function exitOf({ id, event, note }: Recorded): Exit {
  const { output, assignedVariables = {} } = detailsOf(event) as {
    output: string
    assignedVariables?: Record<string, string>
  }
  const assigned = Object.entries(assignedVariables).map(([name, text]) => [
    name,
    JSON.parse(text) as unknown,
  ])
  return {
    output: JSON.parse(output) as unknown,
    assigned: Object.fromEntries(assigned),
    next: note as string | undefined,
    last: id,
  }
}

async function behave(entry: Entry): Promise<Exit> {
  const { state } = entry
  if (state.Type === 'Task') return runFailable(entry as Entry<typeof state>, callTask)
  if (state.Type === 'Parallel') return runFailable(entry as Entry<typeof state>, callParallel)
  if (state.Type === 'Map') return runFailable(entry as Entry<typeof state>, callMap)
  if (state.Type === 'Choice') return runChoice(entry as Entry<typeof state>)
  if (state.Type === 'Wait') return runWait(entry as Entry<typeof state>)
  if (state.Type === 'Fail') throw await failure(entry as Entry<typeof state>)
  return leave(entry, entry.input, entry.entered.id)
}

/** Omitted fields stay omitted: a Fail state may have neither error nor cause. */
async function failure(entry: Entry<Extract<State, { Type: 'Fail' }>>): Promise<Failed> {
  const { Error: error, Cause: cause } = entry.state
  const text = async (value: unknown, field: string): Promise<string | undefined> =>
    value === undefined ? undefined : String(await entry.evaluate(value, field))
  const reason = new StateError(await text(error, 'Error'), await text(cause, 'Cause'))
  return new Failed(reason, entry.entered.id)
}
