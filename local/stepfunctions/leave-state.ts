import { evaluate } from './query.ts'
import type { Entry, Exit } from './scope.ts'

/** The ordinary way out of a state: `Assign` and `Output` over what it produced. */
export async function leave(
  entry: Entry,
  output: unknown,
  last: number,
  more: { result?: unknown } = {},
): Promise<Exit> {
  const { state } = entry
  const names = entry.names(more)
  const assigned = state.Assign
    ? ((await evaluate(state.Assign, names, 'Assign')) as Record<string, unknown>)
    : {}
  const shaped = 'Output' in state ? await evaluate(state.Output, names, 'Output') : output
  return { output: shaped, next: state.End === true ? undefined : state.Next, assigned, last }
}
