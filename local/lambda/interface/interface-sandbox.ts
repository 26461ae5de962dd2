/**
 * Functions of other runtimes than Node: processes that ask the runtime API for events. Each has one invocation at a time, as on Lambda; together they
 * are one sandbox.
 *
 * Invariants (tests cite them):
 * interface/I1 an invocation is in a process of its own; the end of that process is its error, and no other's
 * interface/I2 a process serves one invocation after another, and is ended with its sandbox
 */
import { exitError } from '../sandbox/how-it-ended.ts'
import type { FunctionError, Invoke, ToSandbox } from '../sandbox/messages.ts'
import type { Sandbox, SandboxEvents } from '../sandbox/sandbox-events.ts'
import type { Said } from './runtime-api.ts'
import { type InterfaceSettings, type Watching, Worker } from './worker.ts'

/** Further invocations wait; their time runs. */
const MOST_PROCESSES = 20

/** Runtimes that this machine can run, by the beginnings of their names. */
export const isByInterface = (runtime: string): boolean => /^(python3|provided)/.test(runtime)

const KILLED = exitError('the sandbox has ended')

export class InterfaceSandbox implements Sandbox {
  /** It has several processes. */
  readonly pid = 0
  readonly #settings: InterfaceSettings
  readonly #environment: Record<string, string | undefined>
  readonly #events: SandboxEvents
  readonly #watching: Watching
  readonly #workers = new Set<Worker>()
  readonly #queue: Invoke[] = []
  readonly #gone = Promise.withResolvers<void>()
  #isReady = false
  #isKilled = false

  constructor(
    settings: InterfaceSettings,
    environment: Record<string, string | undefined>,
    events: SandboxEvents,
    watching: Watching,
  ) {
    this.#settings = settings
    this.#environment = environment
    this.#events = events
    this.#watching = watching
    this.#start()
  }

  send(message: ToSandbox): void {
    if (message.kind === 'ping') this.#events.message({ kind: 'pong' })
    if (message.kind !== 'invoke') return
    this.#queue.push(message)
    this.#handOut()
  }

  async kill(): Promise<void> {
    this.#isKilled = true
    if (this.#workers.size === 0) this.#gone.resolve()
    for (const worker of [...this.#workers]) worker.kill()
    await this.#gone.promise
    this.#events.ended(KILLED)
  }

  #start(): void {
    const worker: Worker = new Worker(this.#settings, this.#watching, {
      heard: (said) => this.#hear(said),
      log: (text) => this.#events.log(text),
      ended: (reason) => this.#ended(worker, reason),
    })
    this.#workers.add(worker)
    void worker.start(this.#environment)
  }

  #hear(said: Said): void {
    if (said.kind !== 'next') return this.#events.message(said)
    if (!this.#isReady) {
      this.#isReady = true
      this.#events.message({ kind: 'ready' })
    }
    this.#handOut()
  }

  /** Gives waiting events to waiting processes, and starts a process for one that has none. */
  #handOut(): void {
    for (const worker of this.#workers) {
      if (!worker.waits) continue
      const next = this.#queue.shift()
      if (!next) return
      worker.give(next)
    }
    const coming = [...this.#workers].filter(({ id, waits }) => id === undefined && !waits).length
    if (this.#queue.length > coming && this.#workers.size < MOST_PROCESSES) this.#start()
  }

  #ended(worker: Worker, reason: FunctionError): void {
    this.#workers.delete(worker)
    const { id } = worker
    if (id !== undefined) this.#events.message({ kind: 'error', id, error: inInvocation(id, reason) })
    if (this.#isKilled) {
      if (this.#workers.size === 0) this.#gone.resolve()
    } else if (!this.#isReady) this.#events.message({ kind: 'unusable', error: reason })
    else this.#handOut()
  }
}

/** As Lambda tells the end of a process. */
const inInvocation = (id: string, error: FunctionError): FunctionError => ({
  ...error,
  errorMessage: error.errorType.startsWith('Runtime.')
    ? `RequestId: ${id} Error: ${error.errorMessage}`
    : error.errorMessage,
})
