import { createHash } from 'node:crypto'
import { invalidValue } from './errors.ts'
import type { QueueSettings } from './settings.ts'
import type { QueueStore } from './store.ts'

/** How long a FIFO queue remembers what was sent. */
const REMEMBERED_MILLISECONDS = 300_000

type Draft = { body: string; group?: string | undefined; deduplicationId?: string | undefined }
type Sent = { id: string; sequence: number }

/** What a FIFO queue has accepted in the last five minutes; a standard queue remembers nothing. */
export class Deduplication {
  readonly #queue: string
  readonly #store: QueueStore
  /** In the order in which they were sent, and so of their ends. */
  readonly #remembered = new Map<string, Sent & { until: number }>()

  constructor(queue: string, store: QueueStore) {
    this.#queue = queue
    this.#store = store
    for (const { key, ...rest } of store.remembered(queue)) this.#remembered.set(key, rest)
  }

  /** The message of which this one is a repetition. */
  find(draft: Draft, settings: QueueSettings, now: number): Sent | undefined {
    this.#forget(now)
    const known = settings.fifo ? this.#remembered.get(this.#keyOf(draft, settings)) : undefined
    return known && { id: known.id, sequence: known.sequence }
  }

  /** Writes that this was accepted; what it returns is to be called once the write is committed. */
  store(draft: Draft, settings: QueueSettings, { id, sequence, now }: Sent & { now: number }): () => void {
    if (!settings.fifo) return () => undefined
    const key = this.#keyOf(draft, settings)
    const until = now + REMEMBERED_MILLISECONDS
    this.#store.remember(this.#queue, { key, until, id, sequence })
    return () => void this.#remembered.set(key, { until, id, sequence })
  }

  /** Throws for a message of a FIFO queue that has no id, where the content is not one. */
  idOf({ body, deduplicationId }: Draft, settings: QueueSettings): string | undefined {
    if (!settings.fifo || deduplicationId !== undefined) return deduplicationId
    if (settings.contentBasedDeduplication) return createHash('sha256').update(body).digest('hex')
    const reason =
      'The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly'
    throw invalidValue('MessageDeduplicationId', 'null', reason)
  }

  #keyOf(draft: Draft, settings: QueueSettings): string {
    const id = this.idOf(draft, settings)
    return JSON.stringify(settings.deduplicationScope === 'messageGroup' ? [id, draft.group] : [id])
  }

  #forget(now: number): void {
    const before = this.#remembered.size
    for (const [key, { until }] of this.#remembered) {
      if (until > now) break
      this.#remembered.delete(key)
    }
    if (this.#remembered.size < before) this.#store.forget(now)
  }
}
