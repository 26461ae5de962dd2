import type { ExecutionRow } from '../store/execution-store.ts'
import { present } from '../wire/present.ts'
import type { Outcome } from './execution.ts'
import { detailsOf, type History } from './history.ts'

/** Places of the events that end an execution. */
const ENDS = {
  succeeded: 'SUCCEEDED',
  failed: 'FAILED',
  'timed out': 'TIMED_OUT',
  aborted: 'ABORTED',
} as const

/** The outcome that the history records; events from before a redrive do not count. */
export function endIn(history: History): Outcome | undefined {
  for (const [place, status] of Object.entries(ENDS)) {
    const found = history.find(place)
    if (!found || history.redriveAfter(found.id) !== undefined) continue
    return outcomeFrom(status, detailsOf(found.event))
  }
  return undefined
}

/** The outcome of an ended execution. Throws for a running one. */
export function outcomeOf(row: ExecutionRow): Outcome {
  if (row.status === 'RUNNING') throw new Error('an execution that runs has no outcome')
  return outcomeFrom(row.status, row)
}

type Details = { output?: string | undefined; error?: string | undefined; cause?: string | undefined }

function outcomeFrom(status: Outcome['status'], { output, error, cause }: Details): Outcome {
  if (status === 'SUCCEEDED') return { status, output: JSON.parse(output ?? 'null') as unknown }
  return { status, ...present({ error, cause }) }
}
