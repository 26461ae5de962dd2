type Told = (functionName: string, port: number) => void

/** The debugger ports of sandboxes: a function keeps its port as long as that is free. */
export class DebugPorts {
  readonly #first: number
  readonly #onOpen: Told
  readonly #own = new Map<string, number>()
  readonly #taken = new Set<number>()

  constructor(first: number, onOpen: Told) {
    this.#first = first
    this.#onOpen = onOpen
  }

  take(functionName: string): number {
    const own = this.#own.get(functionName)
    const port = own !== undefined && !this.#taken.has(own) ? own : this.#nextFree()
    if (own === undefined) this.#own.set(functionName, port)
    this.#taken.add(port)
    this.#onOpen(functionName, port)
    return port
  }

  /** A port that is neither in use nor assigned to another function. */
  #nextFree(): number {
    const known = new Set([...this.#own.values(), ...this.#taken])
    let port = this.#first
    while (known.has(port)) port++
    return port
  }

  release(port: number): void {
    this.#taken.delete(port)
  }
}
