import type { Flow, State } from './definition.ts'
import type { Execution } from './execution.ts'
import type { Variables } from './query.ts'

/** Runs states until one ends the flow; `after` is the event that led to it. */
export type RunFlow = (
  flow: Flow,
  input: unknown,
  scope: Scope,
  after: number,
) => Promise<{ output: unknown; last: number }>

/** Where a flow runs: which execution, with which variables, until when, and how flows inside it are run. */
export type Scope = { execution: Execution; variables: Variables; signal: AbortSignal; runFlow: RunFlow }

/** One entry of one state, with all that its behaviour needs. */
export type Entry<S extends State = State> = {
  name: string
  state: S
  input: unknown
  scope: Scope
  /** Id of the event that entered the state. */
  entered: number
  enteredTime: string
  /** Names of `$states` and the variables, for expressions of this state. */
  names(more?: { result?: unknown; errorOutput?: unknown; retryCount?: number }): Variables
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
  const { execution, variables } = scope
  const enteredTime = new Date(execution.surroundings.clock.now()).toISOString()
  return {
    name,
    state,
    input,
    scope,
    entered,
    enteredTime,
    names: ({ retryCount = 0, ...more } = {}) => ({
      ...variables,
      states: {
        input,
        context: {
          ...execution.context,
          State: { Name: name, EnteredTime: enteredTime, RetryCount: retryCount },
        },
        ...more,
      },
    }),
  }
}
