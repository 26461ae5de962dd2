import type { Flow, State } from './definition.ts'
import type { Execution } from './execution.ts'
import { evaluate, requireType, type Variables } from './query.ts'
import { Failed, QueryError, StateError } from './state-error.ts'

/** Runs states until one ends the flow; `after` is the event that led to it. */
export type RunFlow = (
  flow: Flow,
  input: unknown,
  scope: Scope,
  after: number,
) => Promise<{ output: unknown; last: number }>

/** Where a flow runs: which execution, with which variables, until when, and how flows inside it are run. */
export type Scope = {
  execution: Execution
  variables: Variables
  signal: AbortSignal
  runFlow: RunFlow
  /** The item of the innermost Map around it. */
  mapItem?: { Index: number; Value: unknown } | undefined
}

/** What expressions see besides input, context and variables. */
export type More = {
  result?: unknown
  errorOutput?: unknown
  retryCount?: number
  mapItem?: Scope['mapItem']
}

/** One entry of one state, with all that its behaviour needs. */
export type Entry<S extends State = State> = {
  name: string
  state: S
  input: unknown
  scope: Scope
  /** Id of the event that entered the state. */
  entered: number
  enteredTime: string
  /**
   * A field of this state, evaluated, and of the type it must have. Throws Failed with States.QueryEvaluationError, which
   * is in the history then.
   */
  evaluate(
    template: unknown,
    field: string,
    options?: More & { type?: Parameters<typeof requireType>[1] },
  ): Promise<unknown>
  /** Throws the same way, in words of its own. */
  fail(field: string | undefined, detail: string): never
}

/** What a state leaves behind: its output, where to go, new variables, and the event that came last. */
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
  entered: number,
): Entry<S> {
  const { history, surroundings } = scope.execution
  const enteredTime = new Date(surroundings.clock.now()).toISOString()

  const fail = (field: string | undefined, detail: string): never => {
    const cause = `An error occurred while executing the state '${name}' (entered at the event id #${entered}). ${detail}`
    const reason = new StateError('States.QueryEvaluationError', cause)
    const location = field === undefined ? {} : { location: field }
    const details = { error: reason.error, cause, state: name, ...location }
    throw new Failed(
      reason,
      history.add(history.events.length, 'EvaluationFailed', { evaluationFailedEventDetails: details }),
    )
  }

  return {
    name,
    state,
    input,
    scope,
    entered,
    enteredTime,
    fail,
    async evaluate(template, field, { type, ...more } = {}) {
      try {
        const value = await evaluate(template, namesFor(name, input, scope, enteredTime, more), field)
        if (type) requireType(value, type, template, field)
        return value
      } catch (error) {
        if (error instanceof QueryError) fail(error.field, error.message)
        throw error
      }
    },
  }
}

/** `$states` and the variables. */
function namesFor(name: string, input: unknown, scope: Scope, enteredTime: string, more: More): Variables {
  const { retryCount = 0, mapItem = scope.mapItem, ...seen } = more
  const context = {
    ...scope.execution.context,
    State: { Name: name, EnteredTime: enteredTime, RetryCount: retryCount },
    ...(mapItem ? { Map: { Item: mapItem } } : {}),
  }
  return { ...scope.variables, states: { input, context, ...seen } }
}
