/** A terminal sends Ctrl-C to every process of the group, and a parent may forward it: signals this close count as one. */
const SAME_MILLISECONDS = 500

const SIGNALS = ['SIGINT', 'SIGTERM'] as const

/** Whether the user has asked this process to end. Listens until it is disposed. */
export class Interruption implements Disposable {
  /** Resolves at the first Ctrl-C or SIGTERM; a second one, later, ends the process at once. */
  readonly asked: Promise<void>
  readonly #noticed: () => void
  #first: number | undefined

  constructor() {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.asked = promise
    this.#noticed = () => {
      if (this.#first === undefined) {
        this.#first = Date.now()
        resolve()
      } else if (Date.now() - this.#first > SAME_MILLISECONDS) {
        process.exit(130)
      }
    }
    for (const signal of SIGNALS) process.on(signal, this.#noticed)
  }

  [Symbol.dispose](): void {
    for (const signal of SIGNALS) process.off(signal, this.#noticed)
  }
}
