import type { Message } from './store.ts'

/** Messages that are handled one after another: a message group of a FIFO queue. In a standard queue each message is alone in its lane. */
export type Lane = { key: string; messages: Message[]; inFlight: number }

type Due = { at: number; message: Message }

/**
 * The messages of a queue in their lanes: which can be received now, and when that changes next.
 *
 * Invariants (tests cite them):
 * lanes/L1 a lane is ready when none of its messages is in flight and its first one is visible
 * lanes/L2 lanes that are ready are in the order in which they became so: each has its turn
 * lanes/L3 a message in flight is visible again at its `visibleAt`, and not before, unless that was changed
 * lanes/L4 a queue with nothing delayed or in flight needs no timer
 */
export class Lanes {
  readonly #keyOf: (message: Message) => string
  readonly #lanes = new Map<string, Lane>()
  readonly #ready = new Map<string, Lane>()
  /** A heap by time. An entry is out of date when its message has another time, or is gone. */
  #due: Due[] = []
  readonly #messages = new Map<number, Message>()
  readonly #listeners = new Set<() => void>()
  #now = 0
  #inFlight = 0

  constructor(keyOf: (message: Message) => string) {
    this.#keyOf = keyOf
  }

  /** Calls back when a lane becomes ready; returns what ends that. */
  onReady(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  get inFlight(): number {
    return this.#inFlight
  }

  get(sequence: number): Message | undefined {
    return this.#messages.get(sequence)
  }

  all(): Iterable<Message> {
    return this.#messages.values()
  }

  /** Messages come in the order of their sequences. */
  add(message: Message): void {
    const key = this.#keyOf(message)
    const lane = this.#lanes.get(key) ?? { key, messages: [], inFlight: 0 }
    this.#lanes.set(key, lane)
    this.#messages.set(message.sequence, message)
    lane.messages.push(message)
    if (message.inFlight) this.#count(lane, 1)
    this.#expect(message)
    this.#refresh(lane)
  }

  remove(message: Message): void {
    if (!this.#messages.delete(message.sequence)) return
    const lane = this.#laneOf(message)
    lane.messages.splice(lane.messages.indexOf(message), 1)
    if (message.inFlight) this.#count(lane, -1)
    if (lane.messages.length === 0) this.#lanes.delete(lane.key)
    this.#refresh(lane)
  }

  /** Replaces the state of a message. */
  change(message: Message, changes: Partial<Message>): void {
    const lane = this.#laneOf(message)
    if (message.inFlight) this.#count(lane, -1)
    Object.assign(message, changes)
    if (message.inFlight) this.#count(lane, 1)
    this.#expect(message)
    this.#refresh(lane)
  }

  clear(): void {
    this.#messages.clear()
    this.#lanes.clear()
    this.#ready.clear()
    this.#due = []
    this.#inFlight = 0
  }

  /** The lanes that are ready at `now`, the one that has waited longest first; to be read before anything is changed. */
  readyAt(now: number): Iterable<Lane> {
    this.advance(now)
    return this.#ready.values()
  }

  hasReady(now: number): boolean {
    this.advance(now)
    return this.#ready.size > 0
  }

  /** When a message becomes visible next; undefined when none does by itself. */
  nextAt(): number | undefined {
    this.#dropOutdated()
    return this.#due[0]?.at
  }

  /** Makes visible what is due. */
  advance(now: number): void {
    this.#now = Math.max(now, this.#now)
    for (let next = this.#due[0]; next && next.at <= this.#now; next = this.#due[0]) {
      pop(this.#due)
      const { message, at } = next
      if (!this.#isCurrent(next)) continue
      if (message.inFlight) this.change(message, { inFlight: false, visibleAt: at })
      else this.#refresh(this.#laneOf(message))
    }
  }

  #laneOf(message: Message): Lane {
    return this.#lanes.get(this.#keyOf(message)) ?? { key: '', messages: [], inFlight: 0 }
  }

  #count(lane: Lane, by: 1 | -1): void {
    lane.inFlight += by
    this.#inFlight += by
  }

  #refresh(lane: Lane): void {
    const [first] = lane.messages
    const isReady = first !== undefined && lane.inFlight === 0 && first.visibleAt <= this.#now
    if (!isReady) this.#ready.delete(lane.key)
    else if (!this.#ready.has(lane.key)) {
      this.#ready.set(lane.key, lane)
      for (const listener of this.#listeners) listener()
    }
  }

  /** A lane that was ready and has had its turn goes behind the others. */
  passTurn({ key }: Lane): void {
    const lane = this.#ready.get(key)
    if (!lane) return
    this.#ready.delete(key)
    this.#ready.set(key, lane)
  }

  #expect(message: Message): void {
    if (message.visibleAt <= this.#now) return
    push(this.#due, { at: message.visibleAt, message })
    // Most messages are deleted long before their time.
    if (this.#due.length > 64 + 2 * this.#messages.size) {
      const current = this.#due.filter((due) => this.#isCurrent(due))
      this.#due = []
      for (const due of current) push(this.#due, due)
    }
  }

  #isCurrent({ at, message }: Due): boolean {
    return message.visibleAt === at && this.#messages.get(message.sequence) === message
  }

  #dropOutdated(): void {
    while (this.#due[0] && !this.#isCurrent(this.#due[0])) pop(this.#due)
  }
}

function push(heap: Due[], due: Due): void {
  let at = heap.push(due) - 1
  while (at > 0) {
    const parent = (at - 1) >>> 1
    if ((heap[parent] as Due).at <= due.at) break
    heap[at] = heap[parent] as Due
    at = parent
  }
  heap[at] = due
}

function pop(heap: Due[]): void {
  const last = heap.pop()
  if (last === undefined || heap.length === 0) return
  let at = 0
  for (;;) {
    const [left, right] = [2 * at + 1, 2 * at + 2]
    if (left >= heap.length) break
    const child = right < heap.length && (heap[right] as Due).at < (heap[left] as Due).at ? right : left
    if ((heap[child] as Due).at >= last.at) break
    heap[at] = heap[child] as Due
    at = child
  }
  heap[at] = last
}
