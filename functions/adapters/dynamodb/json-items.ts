/**
 * Stores records that have user-chosen names as JSON text in one attribute. Stored as a map, they would fail: the
 * document client takes an object with a member `constructor` for a class instance and refuses integers beyond 2^53,
 * and DynamoDB refuses maps nested deeper than 32 levels.
 *
 * Invariants (tests cite them):
 * json-items/Y1 a record is read exactly as it was written, for all names and values
 * json-items/Y2 records that earlier releases stored as maps can still be read
 * json-items/Y3 a record that cannot be read is reported and left out; it does not hide the others
 */
import type * as z from 'zod'
import { OrchestratorError } from '../../../shared/domain/errors.ts'
import { describeIssues } from '../../../shared/domain/issue.ts'
import { issuesOfZod } from '../../../shared/domain/issues-of-zod.ts'

type Item = Record<string, unknown>

/** DynamoDB takes items of at most 400 KB, keys included. */
const MOST_BYTES = 390_000

/**
 * The attribute that holds a record. Throws ContentTooLargeError when it exceeds the size of an item; `what` names it
 * there.
 */
export function jsonItem(record: unknown, what: string): { json: string } {
  const json = JSON.stringify(record)
  const bytes = Buffer.byteLength(json)
  if (bytes <= MOST_BYTES) return { json }
  const message = `${what} has ${bytes} bytes; the registry keeps at most ${MOST_BYTES} of one: make it smaller`
  throw new OrchestratorError('ContentTooLargeError', message, { bytes })
}

/**
 * The record of an item; `old` extracts it from an item that was stored as maps (json-items/Y2). Throws SyntaxError.
 */
export function recordIn(item: Item, old: (item: Item) => unknown): unknown {
  return typeof item.json === 'string' ? (JSON.parse(item.json) as unknown) : old(item)
}

export type OnUnreadable = (facts: { pk: string; sk: string; reason: string }) => void

/** The record if it matches the schema; otherwise undefined, and it is reported (json-items/Y3). */
export function readRecord<T>(
  item: Item,
  old: (item: Item) => unknown,
  schema: z.ZodType<T>,
  onUnreadable: OnUnreadable,
): T | undefined {
  const tell = (reason: string): undefined => {
    onUnreadable({ pk: String(item.pk), sk: String(item.sk), reason })
    return undefined
  }
  try {
    const parsed = schema.safeParse(recordIn(item, old))
    return parsed.success ? parsed.data : tell(describeIssues(issuesOfZod(parsed.error)))
  } catch (error) {
    return tell(String(error))
  }
}
