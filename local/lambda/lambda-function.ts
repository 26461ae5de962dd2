/**
 * One Lambda function: its bundle in sandbox processes, invocations side by side in each, so that hundreds of waiting agents
 * cost little; a busy function gets more sandboxes, as far as there are processors, and gives them back when they have been idle.
 *
 * Invariants (tests cite them):
 * sandbox/L1 every invocation is answered once: result, error, timeout, or its sandbox's end
 * sandbox/L2 a handler that spins cannot be waited for: after the timeout its sandbox is ended, and the invocations that
 *    shared it are run again on a new one (on AWS they would have had sandboxes of their own)
 * sandbox/L3 a sandbox's trouble stays in it: its end, out of memory, or a failed import is an error of its invocations
 * sandbox/L4 when a sandbox dies with several invocations in it, each is run again in a sandbox of its own: the one that has ended it ends
 *    its own and fails for good, the others do not notice
 * sandbox/L5 the death of a sandbox fails nothing that was not alone in it, except where the bundle could not be loaded
 * sandbox/L6 an invocation begins once, once more after the death or a spin of a shared sandbox, and twice more after deaths of the local
 *    cloud that its sandbox has not outlived: then it is refused (`suspicion.ts`)
 * sandbox/L7 an invocation that holds the thread of its sandbox for more than half a second gets no more company: who comes later is given
 *    another sandbox, and one more is opened for that
 * sandbox/L8 after an update nothing begins with the old code, and what has begun with it ends with it
 */
import { randomUUID } from 'node:crypto'
import {
  type FunctionSettings,
  type Invocation,
  makeSurroundings,
  REFUSED,
  STOPPED,
  type Surroundings,
} from './function-settings.ts'
import type { FromSandbox, FunctionError } from './sandbox/messages.ts'
import { type Sandbox, SandboxPool } from './sandbox/sandbox-pool.ts'
import { type Manner, mannerOf } from './suspicion.ts'

type Pending = {
  sandbox?: Sandbox
  payload: string
  /** Names it in every life of the local cloud; undefined where nobody asks again after its death. */
  key: string | undefined
  manner: Manner
  /** How often it has lost its sandbox by the doing of others. */
  lost: number
  deadline: number
  answer: (outcome: Invocation) => void
  timer: NodeJS.Timeout | undefined
}

/** More than Lambda gives: nothing in the function gives up meanwhile. Node.js has no timers of more than 24 days. */
const DEBUGGED_MILLISECONDS = 24 * 3_600_000

export class LambdaFunction {
  #settings: FunctionSettings
  readonly #surroundings: Surroundings
  readonly #pool: SandboxPool
  readonly #pending = new Map<string, Pending>()
  #stopped = false

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

  /** Code and settings for what begins from now on (sandbox/L8). */
  update(settings: FunctionSettings): void {
    this.#settings = settings
    for (const id of this.#pool.retireAll()) this.#runAgain(id)
    this.warm()
  }

  /** Loads the bundle before it is asked for. `forPeople`: from then on it goes before functions that only machines and events call. */
  warm({ forPeople = false }: { forPeople?: boolean } = {}): void {
    this.#pool.forPeople ||= forPeople
    if (!this.#stopped) this.#pool.warm()
  }

  /**
   * Runs the handler on a JSON text. Never rejects: what goes wrong is a function error, named as Lambda names it. `key` names the call
   * in every life of the local cloud.
   */
  invoke(payload: string, key?: string): Promise<Invocation> {
    if (this.#stopped) return Promise.resolve({ functionError: STOPPED })
    const suspicion = key === undefined ? undefined : this.#surroundings.journal.suspicionOf(key)
    const manner = suspicion === undefined ? 'shared' : mannerOf(suspicion)
    if (manner === 'never') return Promise.resolve({ functionError: REFUSED })
    const id = randomUUID()
    const { promise, resolve } = Promise.withResolvers<Invocation>()
    const waiting = { deadline: 0, timer: undefined }
    this.#pending.set(id, { payload, key, manner, lost: 0, answer: resolve, ...waiting })
    this.#dispatch(id)
    return promise
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
        // It may have been answered while it waited.
        if (!this.#pending.has(id)) return
        const { promise, resolve } = Promise.withResolvers<void>()
        this.#begin(id, pending, this.#pool.open({ gone: resolve }))
        await promise
      },
      { alone: pending.manner === 'alone' },
    )
  }

  /** Its time begins anew where it had begun before: what it lost was not its own doing. */
  #begin(id: string, pending: Pending, sandbox: Sandbox): void {
    const milliseconds = this.settings.timeoutSeconds * 1_000
    clearTimeout(pending.timer)
    pending.sandbox = sandbox
    const isEndless = this.settings.debugging !== undefined
    pending.deadline = Date.now() + (isEndless ? DEBUGGED_MILLISECONDS : milliseconds)
    if (!isEndless) pending.timer = setTimeout(() => this.#timeOut(id), milliseconds)
    this.#pool.occupy(sandbox, id)
    if (sandbox.ready) this.#hand(id, sandbox)
  }

  /** Only to one whose bundle is loaded: what dies before that has not begun. */
  #hand(id: string, sandbox: Sandbox): void {
    const { process } = sandbox
    const pending = this.#pending.get(id)
    if (!pending) return
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

  /** It has run to its own end: nothing speaks against it. */
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
  }

  #leave(sandbox: Sandbox, id: string): void {
    this.#surroundings.journal.end(id)
    sandbox.ids.delete(id)
    if (sandbox.ids.size === 0 && !sandbox.apart && !this.#stopped) this.#pool.rest(sandbox)
  }

  /** The sandbox is no more, or of no use. */
  #close(sandbox: Sandbox, reason: FunctionError, { unusable = false } = {}): void {
    if (!this.#pool.has(sandbox)) return
    this.#pool.end(sandbox)
    const stranded = [...sandbox.ids]
    for (const id of stranded) {
      const lost = this.#pending.get(id)?.lost ?? 0
      if (!sandbox.ready && (unusable || lost > 0)) this.#settle(id, { functionError: reason })
      // It had not begun: what has ended the process was not its doing.
      else if (!sandbox.ready) this.#runAgain(id)
      else if (sandbox.apart || stranded.length === 1) this.#blame(id, reason)
      else this.#runAgain(id, 'apart')
    }
    if (this.#pool.forPeople && sandbox.ready) this.warm()
  }

  /** Its sandbox has died, and nothing else was in it. */
  #blame(id: string, { errorType, errorMessage, trace }: FunctionError): void {
    const key = this.#pending.get(id)?.key
    if (key !== undefined) this.#surroundings.journal.blame(key)
    const message = errorType.startsWith('Runtime.')
      ? `RequestId: ${id} Error: ${errorMessage}`
      : errorMessage
    this.#settle(id, { functionError: { errorType, errorMessage: message, trace } })
  }

  /** In the manner that it had where none is said: who is under suspicion stays so. */
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

  /** No new work for a sandbox that overran: it ends when its last invocation has, or at once when it spins (sandbox/L2). */
  #retire(sandbox: Sandbox): void {
    sandbox.retired = true
    sandbox.thread.lastChance(() => {
      this.#pool.end(sandbox)
      // Who is stranded a second time may be another one that spins.
      for (const id of sandbox.ids)
        this.#runAgain(id, (this.#pending.get(id)?.lost ?? 0) > 0 ? 'apart' : 'shared')
    })
  }
}
