/**
 * The history of one execution: the events as AWS shows them, from which the execution is also rebuilt after a crash.
 *
 * Every event has a *place*: where in the run of the definition it belongs (`0`, `2#1.0/3`: state by state, attempt,
 * branch). Places do not depend on time. After a crash or a redrive the execution is replayed: it walks the same
 * definition again, and finds at each place what was recorded there before.
 *
 * Invariants (tests cite them):
 * history/J1 a write-ahead log: an event is stored before any of its consequences happen
 * history/J2 what was recorded at a place before is not recorded again on replay: the recorded event is what happened
 * history/J3 a failure from before the last redrive is no longer current: at its place a new event may be recorded
 * history/J4 nothing is recorded after the end, or after the engine was stopped
 */
import * as places from './places.ts'
import { ExecutionStopped, Unmendable } from './state-error.ts'

const MAX_EVENTS = 25_000

/** One event, as GetExecutionHistory has it: `type` and, for most types, details under a key of their own. */
export type HistoryEvent = {
  id: number
  previousEventId: number
  /** Milliseconds since 1970. */
  timestamp: number
  type: string
  [details: string]: unknown
}

/** One line of the journal: an event, or an internal note of the engine (the time of a retry, a task token). */
export type JournalEntry = { place: string; event?: HistoryEvent; note?: unknown }

/** Stores an entry; it is durable when the call returns. */
export type Append = (entry: JournalEntry) => void

type NewEvent = { after: number; type: string; details?: Record<string, unknown>; note?: unknown }
export type Recorded = { id: number; timestamp: number; event: HistoryEvent; note: unknown }

/** Fields of a history event that hold a payload: JSON text, as on AWS. */
export const asText = (value: unknown): string => JSON.stringify(value) ?? 'null'

export class History {
  readonly #append: Append
  readonly #now: () => number
  readonly #past = new Map<string, JournalEntry>()
  readonly #redrives: number[] = []
  #length = 0
  #closed = false

  /** `past` is the journal so far. */
  constructor(append: Append, now: () => number, past: readonly JournalEntry[] = []) {
    this.#append = append
    this.#now = now
    const left = new Set(past.flatMap(({ place }) => places.stateLeft(place) ?? []))
    for (const entry of past) {
      if (!isInside(entry.place, left)) this.#past.set(entry.place, entry)
      if (!entry.event) continue
      this.#length = Math.max(this.#length, entry.event.id)
      if (entry.event.type === 'ExecutionRedriven') this.#redrives.push(entry.event.id)
    }
  }

  /** The number of events, which is the id of the last one. */
  get length(): number {
    return this.#length
  }

  get redriveCount(): number {
    return this.#redrives.length
  }

  /** The event at a place: the recorded one, else the one from `make` (history/J2). */
  record(place: string, make: () => NewEvent): Recorded {
    return this.find(place) ?? this.#add(place, make())
  }

  /** The same for the failure of an attempt, which may happen again after a redrive (history/J3). */
  recordBadEnd(place: string, make: () => NewEvent): Recorded {
    const known = this.find(place)
    if (known && known.id > (this.#redrives.at(-1) ?? 0)) return known
    return this.#add(place, make())
  }

  /** The note that `remember` stored at a place before a restart. */
  noteAt<T>(place: string): T | undefined {
    return this.#past.get(place)?.note as T | undefined
  }

  /** Stores a value that must be the same on replay, such as a randomly drawn time. */
  remember(place: string, note: unknown): void {
    if (this.#closed) throw new ExecutionStopped('the execution is over')
    this.#append({ place, note })
  }

  /** The event recorded at a place. */
  find(place: string): Recorded | undefined {
    const known = this.#past.get(place)
    return known?.event && recorded(known.event, known.note)
  }

  /** The same, and forgets it: replay never returns to a state that was left. */
  take(place: string): Recorded | undefined {
    const found = this.find(place)
    this.#past.delete(place)
    return found
  }

  has(place: string): boolean {
    return this.#past.has(place)
  }

  /** Accepts no more entries (history/J4). */
  close(): void {
    this.#closed = true
  }

  /** The first redrive after an event. */
  redriveAfter(id: number): number | undefined {
    return this.#redrives.find((redrive) => redrive > id)
  }

  /** Redrives an execution that has failed; `append` stores the event together with the execution's new status. */
  redrive(append: Append): void {
    const place = places.redriveAt(this.#redrives.length)
    const details = { executionRedrivenEventDetails: { redriveCount: this.#redrives.length + 1 } }
    const { id } = this.#add(place, { after: this.#length, type: 'ExecutionRedriven', details }, append)
    this.#redrives.push(id)
  }

  #add(place: string, { after, type, details = {}, note }: NewEvent, append = this.#append): Recorded {
    if (this.#closed) throw new ExecutionStopped('the execution is over')
    const id = this.#length + 1
    if (id > MAX_EVENTS && !type.startsWith('Execution')) {
      throw new Unmendable(
        'States.Runtime',
        `The execution reached the maximum number of history events (${MAX_EVENTS}).`,
      )
    }
    const event = { id, previousEventId: after, timestamp: this.#now(), type, ...details }
    append(note === undefined ? { place, event } : { place, event, note })
    this.#length = id
    return recorded(event, note)
  }
}

/** Whether a place is inside a state that was left, which replay does not visit again. */
function isInside(place: string, left: ReadonlySet<string>): boolean {
  return places.statesAround(place).some((state) => left.has(state))
}

function recorded(event: HistoryEvent, note: unknown): Recorded {
  return { id: event.id, timestamp: event.timestamp, event, note }
}

/** An event's details, under any key: `stateEnteredEventDetails` and the like. */
export function detailsOf(event: HistoryEvent): Record<string, unknown> {
  const { id: _id, previousEventId: _previous, timestamp: _time, type: _type, ...rest } = event
  return (Object.values(rest)[0] ?? {}) as Record<string, unknown>
}
