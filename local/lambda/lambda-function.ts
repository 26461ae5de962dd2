/**
 * One Lambda function: its bundle in sandbox processes, with concurrent invocations in each, so that hundreds of waiting agents cost
 * little. A busy function gets more sandboxes, up to the number of processors; idle ones are ended.
 *
 * Invariants (tests cite them):
 * sandbox/L1 every invocation is answered once: result, error, timeout, or its sandbox's end
 * sandbox/L2 a handler that blocks its event loop is ended with its sandbox after the timeout; the others of that sandbox run again
 * sandbox/L3 failures stay inside a sandbox: its end, lack of memory, or a failed import is an error of its own invocations only
 * sandbox/L4 when a sandbox dies with several invocations in it, each is run again alone: only the one that caused the death fails
 * sandbox/L5 the death of a sandbox fails only an invocation that was alone in it, except when the bundle could not be loaded
 * sandbox/L6 an invocation begins once, once more after the death or a spin of a shared sandbox, and twice more after deaths of the local
 *    cloud that its sandbox has not outlived: after that it is refused (`suspicion.ts`)
 * sandbox/L7 a sandbox whose event loop is blocked for half a second gets no further invocations: another is opened
 * sandbox/L8 after an update or a removal no invocation begins with the old code, and those that began with it end with it
 * sandbox/L9 an invocation has its full time from when its sandbox is loaded, as on Lambda: a cold start does not count
 */
import { randomUUID } from 'node:crypto'
import {
  DEBUGGED_MILLISECONDS,
  type FunctionSettings,
  type Invocation,
  makeSurroundings,
  REFUSED,
  REMOVED,
  STOPPED,
  type Surroundings,
} from './function-settings.ts'
import type { Pending } from './pending.ts'
import type { FromSandbox, FunctionError } from './sandbox/messages.ts'
import { type Sandbox, SandboxPool } from './sandbox/sandbox-pool.ts'
import { type Manner, mannerOf } from './suspicion.ts'

export class LambdaFunction {
  #settings: FunctionSettings
  readonly #surroundings: Surroundings
  readonly #pool: SandboxPool
  readonly #pending = new Map<string, Pending>()
  #stopped = false
  /** Set by `retire`; resolves it once nothing is pending. */
  #idle: (() => void) | undefined

  constructor(settings: FunctionSettings, surroundings: Surroundings = makeSurroundings()) {
    this.#settings = settings
    this.#surroundings = surroundings
    this.#pool = new SandboxPool({
      settings: () => this.settings,
      surroundings,
      heard: (sandbox, message) => this.#hear(sandbox, message),
      ended: (sandbox, reason) => this.#close(sandbox, reason),
    })
  }

  get settings(): FunctionSettings {
    return this.#settings
  }

  /** Sets code and settings for invocations that begin from now on (sandbox/L8). */
  update(settings: FunctionSettings): void {
    this.#settings = settings
    for (const id of this.#pool.retireAll()) this.#runAgain(id)
    this.warm()
  }

  /** Loads the bundle ahead of the first call. With `forPeople` it has priority over functions called only by machines and events. */
  warm({ forPeople = false }: { forPeople?: boolean } = {}): void {
    this.#pool.forPeople ||= forPeople
    if (!this.#stopped && !this.#idle) this.#pool.warm()
  }

  /**
   * Runs the handler on a JSON text. Never rejects: failures are function errors. `key` names the call across restarts of the local cloud.
   */
  invoke(payload: string, key?: string): Promise<Invocation> {
    if (this.#stopped) return Promise.resolve({ functionError: STOPPED })
    if (this.#idle) return Promise.resolve({ functionError: REMOVED })
    const suspicion = key === undefined ? undefined : this.#surroundings.journal.suspicionOf(key)
    const manner = suspicion === undefined ? 'shared' : mannerOf(suspicion)
    if (manner === 'never') return Promise.resolve({ functionError: REFUSED })
    const id = randomUUID()
    const { promise, resolve } = Promise.withResolvers<Invocation>()
    this.#pending.set(id, { payload, key, manner, lost: 0, answer: resolve, deadline: 0, timer: undefined })
    this.#dispatch(id)
    return promise
  }

  /** Refuses new invocations, and stops when those under way have ended (sandbox/L8). */
  async retire(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#idle = resolve
    if (this.#pending.size > 0) await promise
    await this.stop()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    for (const id of [...this.#pending.keys()]) this.#settle(id, { functionError: STOPPED })
    await this.#pool.stop()
  }

  #dispatch(id: string): void {
    const pending = this.#pending.get(id)
    if (!pending) return
    if (pending.manner === 'shared') return this.#begin(id, pending, this.#pool.choose())
    this.#surroundings.quarantine.enter(
      async () => {
        // The invocation may have been answered while it waited.
        if (!this.#pending.has(id)) return
        const { promise, resolve } = Promise.withResolvers<void>()
        this.#begin(id, pending, this.#pool.open({ gone: resolve }))
        await promise
      },
      { alone: pending.manner === 'alone' },
    )
  }

  #begin(id: string, pending: Pending, sandbox: Sandbox): void {
    pending.sandbox = sandbox
    // Also bounds the loading of the bundle, which may never end.
    this.#startClock(id, pending)
    this.#pool.occupy(sandbox, id)
    if (sandbox.ready) this.#hand(id, sandbox)
  }

  /** A repeated invocation gets its full time again: it lost the first run through the fault of others. */
  #startClock(id: string, pending: Pending): void {
    const milliseconds = this.settings.timeoutSeconds * 1_000
    clearTimeout(pending.timer)
    const isEndless = this.settings.debugging !== undefined
    pending.deadline = Date.now() + (isEndless ? DEBUGGED_MILLISECONDS : milliseconds)
    if (!isEndless) pending.timer = setTimeout(() => this.#timeOut(id), milliseconds)
  }

  /** Only sandboxes with a loaded bundle get an invocation: if one dies earlier, the invocation has not begun. */
  #hand(id: string, sandbox: Sandbox): void {
    const { process } = sandbox
    const pending = this.#pending.get(id)
    if (!pending) return
    this.#startClock(id, pending)
    const { key, payload, deadline } = pending
    if (key !== undefined) this.#surroundings.journal.begin(id, key, process.pid)
    process.send({ kind: 'invoke', id, payload, deadline, ...(key === undefined ? {} : { key }) })
    sandbox.thread.begin()
  }

  #hear(sandbox: Sandbox, message: FromSandbox): void {
    if (message.kind === 'result') this.#answer(message.id, { payload: message.payload })
    if (message.kind === 'error') this.#answer(message.id, { functionError: message.error })
    if (message.kind === 'unusable') {
      const { errorType, errorMessage } = message.error
      const told = `the bundle could not be loaded: ${errorType}: ${errorMessage}\n`
      this.settings.onLog?.(this.settings.name, told)
      this.#close(sandbox, message.error, { unusable: true })
    }
    if (message.kind === 'service') this.#serve(sandbox, message)
    if (message.kind === 'ready') {
      sandbox.ready = true
      for (const id of sandbox.ids) this.#hand(id, sandbox)
    }
    if (message.kind === 'pong') sandbox.thread.hasAnswered()
    if (sandbox.ids.size === 0 && (sandbox.retired || sandbox.apart)) this.#pool.end(sandbox)
  }

  #serve(
    { process }: Sandbox,
    { id, kind: _kind, ...call }: Extract<FromSandbox, { kind: 'service' }>,
  ): void {
    void this.settings.onServiceCall?.(call).then((answer) => process.send({ kind: 'answer', id, ...answer }))
  }

  /** The invocation has completed, which clears it of suspicion. */
  #answer(id: string, outcome: Invocation): void {
    const key = this.#pending.get(id)?.key
    this.#settle(id, outcome)
    if (key !== undefined) this.#surroundings.journal.acquit(key)
  }

  #settle(id: string, outcome: Invocation): void {
    const pending = this.#pending.get(id)
    if (!pending) return
    this.#pending.delete(id)
    if (pending.sandbox) this.#leave(pending.sandbox, id)
    clearTimeout(pending.timer)
    pending.answer(outcome)
    if (this.#pending.size === 0) this.#idle?.()
  }

  #leave(sandbox: Sandbox, id: string): void {
    this.#surroundings.journal.end(id)
    sandbox.ids.delete(id)
    if (sandbox.ids.size === 0 && !sandbox.apart && !this.#stopped) this.#pool.rest(sandbox)
  }

  /** The sandbox has ended or is unusable. */
  #close(sandbox: Sandbox, reason: FunctionError, { unusable = false } = {}): void {
    if (!this.#pool.has(sandbox)) return
    this.#pool.end(sandbox)
    const stranded = [...sandbox.ids]
    for (const id of stranded) {
      const lost = this.#pending.get(id)?.lost ?? 0
      if (!sandbox.ready && (unusable || lost > 0)) this.#settle(id, { functionError: reason })
      // The invocation had not begun, so it did not cause the process to end.
      else if (!sandbox.ready) this.#runAgain(id)
      else if (sandbox.apart || stranded.length === 1) this.#blame(id, reason)
      else this.#runAgain(id, 'apart')
    }
    if (this.#pool.forPeople && sandbox.ready) this.warm()
  }

  /** The invocation was alone in a sandbox that died, so it caused the death. */
  #blame(id: string, { errorType, errorMessage, trace }: FunctionError): void {
    const key = this.#pending.get(id)?.key
    if (key !== undefined) this.#surroundings.journal.blame(key)
    // As on Lambda, which tells ends of a process so, and errors of JavaScript as they are.
    const isEnd = errorType.startsWith('Runtime.') && errorType !== 'Runtime.UnhandledPromiseRejection'
    const message = isEnd ? `RequestId: ${id} Error: ${errorMessage}` : errorMessage
    this.#settle(id, { functionError: { errorType, errorMessage: message, trace } })
  }

  /** Keeps the manner of its last run by default: a suspect stays a suspect. */
  #runAgain(id: string, manner?: Manner): void {
    const pending = this.#pending.get(id)
    if (!pending) return
    clearTimeout(pending.timer)
    this.#surroundings.journal.end(id)
    delete pending.sandbox
    pending.lost += 1
    pending.manner = manner ?? pending.manner
    this.#dispatch(id)
  }

  #timeOut(id: string): void {
    const sandbox = this.#pending.get(id)?.sandbox
    const seconds = this.settings.timeoutSeconds.toFixed(2)
    const errorMessage = `RequestId: ${id} Error: Task timed out after ${seconds} seconds`
    this.#settle(id, { functionError: { errorType: 'Sandbox.Timedout', errorMessage, trace: [] } })
    if (sandbox?.apart) this.#pool.end(sandbox)
    else if (sandbox) this.#retire(sandbox)
  }

  /** Gives the sandbox no new work: it ends with its last invocation, or at once if its event loop is blocked (sandbox/L2). */
  #retire(sandbox: Sandbox): void {
    sandbox.retired = true
    sandbox.thread.lastChance(() => {
      this.#pool.end(sandbox)
      // An invocation stranded for the second time may block the event loop too.
      for (const id of sandbox.ids)
        this.#runAgain(id, (this.#pending.get(id)?.lost ?? 0) > 0 ? 'apart' : 'shared')
    })
  }
}
