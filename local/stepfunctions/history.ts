/** One event, as GetExecutionHistory has it: `type` and, for most types, details under a key of their own. */
export type HistoryEvent = {
  id: number
  previousEventId: number
  timestamp: number
  type: string
  [details: string]: unknown
}

/** Fields of a history event that hold a payload: JSON text, as on AWS. */
export const asText = (value: unknown): string => JSON.stringify(value) ?? 'null'

export class History {
  readonly events: HistoryEvent[] = []
  readonly #now: () => number

  constructor(now: () => number) {
    this.#now = now
  }

  /** Appends an event after `previous` and answers its id. */
  add(previous: number, type: string, details: Record<string, unknown> = {}): number {
    const id = this.events.length + 1
    this.events.push({ id, previousEventId: previous, timestamp: this.#now(), type, ...details })
    return id
  }
}
