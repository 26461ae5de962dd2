import { AwsError } from '../../aws/errors.ts'
import { queryCode } from '../queue/errors.ts'
import type { Queue } from '../queue/queue.ts'
import { MOST_BYTES } from '../queue/settings.ts'
import * as requests from './requests.ts'
import { bytesOf, sendMessage } from './send.ts'

type Entry = Readonly<Record<string, unknown>> & { Id: string }
type Kind = 'send' | 'delete' | 'visibility'
type Asked = { input: unknown; senderId: string }

const MOST_ENTRIES = 10

/** The answer of an operation on up to ten messages: each succeeds or fails by itself. Throws for a batch that is refused as a whole. */
export function answerBatch(kind: Kind, queue: Queue, { input, senderId }: Asked): object {
  const { Entries } = requests.read(requests.BatchSchema, input)
  checkEntries(Entries)
  if (kind === 'send') checkSize(Entries)
  const [Successful, Failed]: [object[], object[]] = [[], []]
  for (const entry of Entries) {
    try {
      Successful.push({ Id: entry.Id, ...WORK[kind](queue, entry, senderId) })
    } catch (error) {
      if (!(error instanceof AwsError)) throw error
      const { code, message } = error
      Failed.push({ Id: entry.Id, SenderFault: true, Code: queryCode(code), Message: message })
    }
  }
  return { Successful, Failed }
}

const WORK: Readonly<Record<Kind, (queue: Queue, entry: Entry, senderId: string) => object>> = {
  send: (queue, entry, senderId) => sendMessage(queue, requests.read(requests.DraftSchema, entry), senderId),
  delete(queue, entry) {
    queue.remove(requests.read(requests.HandleSchema, entry).ReceiptHandle)
    return {}
  },
  visibility(queue, entry) {
    const { ReceiptHandle, VisibilityTimeout } = requests.read(requests.VisibilitySchema, entry)
    queue.changeVisibility(ReceiptHandle, VisibilityTimeout)
    return {}
  },
}

function checkEntries(entries: readonly Entry[]): void {
  const ids = entries.map(({ Id }) => Id)
  if (ids.length === 0)
    throw new AwsError('EmptyBatchRequest', 'There should be at least one entry in the request.')
  if (ids.length > MOST_ENTRIES)
    throw new AwsError(
      'TooManyEntriesInBatchRequest',
      `Maximum number of entries per request are ${MOST_ENTRIES}. You have sent ${ids.length}.`,
    )
  const wrong = ids.find((id) => !/^[\w-]{1,80}$/.test(id))
  if (wrong !== undefined)
    throw new AwsError(
      'InvalidBatchEntryId',
      `The Id ${JSON.stringify(wrong.slice(0, 100))} is not valid: it has 1 to 80 letters, digits, hyphens and underscores`,
    )
  const twice = ids.find((id, at) => ids.indexOf(id) !== at)
  if (twice !== undefined) throw new AwsError('BatchEntryIdsNotDistinct', `Id ${twice} repeated.`)
}

/** An entry that cannot be read counts nothing here: it fails by itself. */
function checkSize(entries: readonly Entry[]): void {
  const bytes = entries.reduce((sum, entry) => {
    const parsed = requests.DraftSchema.safeParse(entry)
    return sum + (parsed.success ? bytesOf(parsed.data) : 0)
  }, 0)
  if (bytes <= MOST_BYTES) return
  throw new AwsError(
    'BatchRequestTooLong',
    `Batch requests cannot be longer than ${MOST_BYTES} bytes. You have sent ${bytes} bytes.`,
  )
}
