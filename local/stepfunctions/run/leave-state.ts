import { requireFits } from '../query/payload-limit.ts'
import type { Entry, Exit } from './scope.ts'

type Shape = { Output?: unknown; Assign?: Record<string, unknown> }

/** The normal exit from a state: applies `Assign` and `Output` to its result. */
export async function leave(
  entry: Entry,
  output: unknown,
  last: number,
  more: { result?: unknown; retryCount?: number; place?: string } = {},
): Promise<Exit> {
  const { state } = entry
  return {
    ...(await shape(entry, state, output, '', more)),
    next: state.End === true ? undefined : state.Next,
    last,
  }
}

/** Applies `Assign` and `Output` of a state, a choice or a catcher; `prefix` names it in errors. */
export async function shape(
  entry: Entry,
  { Assign, ...rest }: Shape,
  output: unknown,
  prefix: string,
  more: { result?: unknown; errorOutput?: unknown; retryCount?: number; place?: string } = {},
): Promise<Pick<Exit, 'output' | 'assigned'>> {
  const assigned = Assign
    ? ((await entry.evaluate(Assign, `${prefix}Assign`, more)) as Record<string, unknown>)
    : {}
  const shaped = 'Output' in rest ? await entry.evaluate(rest.Output, `${prefix}Output`, more) : output
  requireFits(entry.name, shaped)
  return { output: shaped, assigned }
}
