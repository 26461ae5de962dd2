import type { Flow, State } from '../definition/definition.ts'
import { evaluate, requireType, type Variables } from '../query/query.ts'
import type { Execution } from './execution.ts'
import * as places from './places.ts'
import { Failed, QueryError, StateError } from './state-error.ts'

/** Runs states until one ends the flow; `after` is the event that led to it. */
export type RunFlow = (
  flow: Flow,
  input: unknown,
  scope: Scope,
  after: number,
) => Promise<{ output: unknown; last: number }>

/** The surroundings of a flow: its execution, place, variables, abort signal, and how nested flows run. */
export type Scope = {
  execution: Execution
  /** The flow's place: empty for the outermost, else that of the attempt and branch around it. */
  place: string
  variables: Variables
  signal: AbortSignal
  runFlow: RunFlow
  /** The item of the innermost enclosing Map. */
  mapItem?: { Index: number; Value: unknown } | undefined
}

/** Names in expressions besides input, context and variables. */
export type More = {
  result?: unknown
  errorOutput?: unknown
  retryCount?: number
  /** The place for errors: an attempt or an iteration of the state; by default the state itself. */
  place?: string
  token?: string | undefined
  mapItem?: Scope['mapItem']
}

/** The event that entered a state. */
export type Entered = { id: number; timestamp: number; after: number }

/** One visit of one state, with everything that running it needs. */
export type Entry<S extends State = State> = {
  name: string
  state: S
  input: unknown
  scope: Scope
  place: string
  entered: Entered
  /**
   * Evaluates a field of this state and checks its type. Throws Failed with States.QueryEvaluationError, already recorded
   * in the history.
   */
  evaluate(
    template: unknown,
    field: string,
    options?: More & { type?: Parameters<typeof requireType>[1] },
  ): Promise<unknown>
  /** Throws the same error with a message of its own. */
  fail(field: string | undefined, detail: string, place?: string): never
}

/** The result of a state: its output, the next state, new variables, and the last event. */
export type Exit = {
  output: unknown
  next: string | undefined
  assigned: Record<string, unknown>
  last: number
}

export function makeEntry<S extends State>(
  name: string,
  state: S,
  input: unknown,
  scope: Scope,
  place: string,
  entered: Entered,
): Entry<S> {
  const { history } = scope.execution

  /** In AWS, an evaluation that failed before any work points to the event before the state. */
  const fail = (field: string | undefined, detail: string, at = place, after = entered.after): never => {
    const cause = `An error occurred while executing the state '${name}' (entered at the event id #${entered.id}). ${detail}`
    const reason = new StateError('States.QueryEvaluationError', cause)
    const location = field === undefined ? {} : { location: field }
    const details = { error: reason.error, cause, state: name, ...location }
    const { id } = history.recordBadEnd(places.evaluationFailed(at, field), () => ({
      after,
      type: 'EvaluationFailed',
      details: { evaluationFailedEventDetails: details },
    }))
    throw new Failed(reason, id)
  }

  return {
    name,
    state,
    input,
    scope,
    place,
    entered,
    fail,
    async evaluate(template, field, { type, ...more } = {}) {
      try {
        const value = await evaluate(
          template,
          () => namesFor(name, state, input, scope, entered, more),
          field,
        )
        if (type) requireType(value, type, template, field)
        return value
      } catch (error) {
        const isLate = 'result' in more || 'errorOutput' in more
        if (error instanceof QueryError) {
          fail(error.field, error.message, more.place, isLate ? history.length : entered.after)
        }
        throw error
      }
    },
  }
}

/** `$states` and the variables. */
function namesFor(
  name: string,
  { Type }: State,
  input: unknown,
  scope: Scope,
  entered: Entered,
  more: More,
): Variables {
  const { retryCount = 0, mapItem = scope.mapItem, token, place: _place, ...seen } = more
  const EnteredTime = new Date(entered.timestamp).toISOString()
  const context = {
    ...scope.execution.context,
    State: { Name: name, EnteredTime, ...(Type === 'Task' ? { RetryCount: retryCount } : {}) },
    ...(mapItem ? { Map: { Item: mapItem } } : {}),
    ...(token === undefined ? {} : { Task: { Token: token } }),
  }
  return { ...scope.execution.functions, ...scope.variables, states: { input, context, ...seen } }
}
