import * as z from 'zod'
import type { Invocation } from '../function-settings.ts'

const AnswerSchema = z
  .object({ batchItemFailures: z.array(z.object({ itemIdentifier: z.string().min(1) })).nullish() })
  .nullish()

type Batch = { ids: readonly string[]; reportsFailures: boolean }
/** `reason` is what an author should know. */
type Failures = { ids: ReadonlySet<string>; reason?: string }

/** The messages of a batch that were not handled. Whatever cannot be understood means all of them, as on AWS. */
export function failuresIn(outcome: Invocation, { ids, reportsFailures }: Batch): Failures {
  const all = new Set(ids)
  if ('functionError' in outcome) {
    const { errorType, errorMessage } = outcome.functionError
    return { ids: all, reason: `${ids.length} messages come again: ${errorType}: ${errorMessage}` }
  }
  if (!reportsFailures) return { ids: new Set() }
  const answer = AnswerSchema.safeParse(parse(outcome.payload))
  if (!answer.success) {
    const reason = 'the answer is no {batchItemFailures: [{itemIdentifier}]}'
    return { ids: all, reason: `all ${ids.length} messages come again: ${reason}` }
  }
  const named = (answer.data?.batchItemFailures ?? []).map(({ itemIdentifier }) => itemIdentifier)
  const unknown = named.find((id) => !all.has(id))
  if (unknown === undefined) return { ids: new Set(named) }
  const reason = `the answer names ${unknown.slice(0, 100)}, which is no message of the batch`
  return { ids: all, reason: `all ${ids.length} messages come again: ${reason}` }
}

/** Undefined, as a function without an answer has it, becomes null; what is no JSON is no answer at all. */
function parse(payload: string): unknown {
  try {
    return payload === '' ? null : JSON.parse(payload)
  } catch {
    return 'no JSON'
  }
}
