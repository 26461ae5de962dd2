type Told = (functionName: string, port: number) => void

/** What Node.js prints when a debugger can attach. */
const LISTENS = /^Debugger listening on ws:\/\/[^/]*:(\d+)\//gm

/** The debugger ports of sandboxes: a function keeps its port as long as that is free. */
export class DebugPorts {
  readonly #first: number
  readonly #onOpen: Told
  readonly #own = new Map<string, number>()
  readonly #taken = new Set<number>()
  /** Ports of sandboxes that are not open yet. */
  readonly #opening = new Map<number, string>()

  constructor(first: number, onOpen: Told) {
    this.#first = first
    this.#onOpen = onOpen
  }

  take(functionName: string): number {
    const own = this.#own.get(functionName)
    const port = own !== undefined && !this.#taken.has(own) ? own : this.#nextFree()
    if (own === undefined) this.#own.set(functionName, port)
    this.#taken.add(port)
    this.#opening.set(port, functionName)
    return port
  }

  /**
   * Reads the sandbox's output: a port is announced only when the sandbox listens at it, because another program may
   * use the port.
   */
  hear(port: number, text: string): void {
    const functionName = this.#opening.get(port)
    const listens = [...text.matchAll(LISTENS)].some(([, at]) => Number(at) === port)
    if (functionName === undefined || !listens) return
    this.#opening.delete(port)
    this.#onOpen(functionName, port)
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
    this.#opening.delete(port)
  }
}
