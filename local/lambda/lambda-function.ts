/**
 * One Lambda function: its bundle in worker threads, invocations side by side in each, so that hundreds of waiting agents
 * cost little; a busy function gets more threads, as far as there are processors, and gives them back when they have been idle.
 *
 * Invariants (tests cite them):
 * L1 every invocation is answered once: result, error, timeout, or the worker's end
 * L2 a handler that spins cannot be waited for: after the timeout its worker is ended, and the invocations that
 *    shared it are run again on a new one (on AWS they would have had sandboxes of their own)
 * L3 a worker's trouble stays in it: out of memory or a failed import is an error of its invocations
 */
import { randomUUID } from 'node:crypto'
import { availableParallelism } from 'node:os'
import type { Worker } from 'node:worker_threads'
import { spawnThread } from '../spawn-thread.ts'
import type { FromWorker, FunctionError, ServiceAnswer, ServiceCall, WorkerData } from './messages.ts'

export type FunctionSettings = {
  name: string
  arn: string
  /** Path of the bundle's file, and the name it exports. */
  entry: string
  handler: string
  timeoutSeconds: number
  memoryMb: number
  environment: Record<string, string>
  onLog?: (functionName: string, text: string) => void
  /** Answers what the function asks of the services. */
  onServiceCall?: (call: ServiceCall) => Promise<Omit<ServiceAnswer, 'id'>>
}

export type Invocation = { payload: string } | { functionError: FunctionError }

type Pending = {
  sandbox?: Sandbox
  payload: string
  deadline: number
  answer: (outcome: Invocation) => void
  timer: NodeJS.Timeout
}
/** `ids` are the invocations in it. */
type Sandbox = {
  worker: Worker
  ids: Set<string>
  ready: boolean
  retired: boolean
  spinning: NodeJS.Timeout | undefined
  idle: NodeJS.Timeout | undefined
}

/** How long a worker may take to say that it is alive after one of its invocations has timed out. */
const PING_MILLISECONDS = 500
/** With so many invocations in each sandbox another one is opened. */
const BUSY = 12
const IDLE_MILLISECONDS = 10_000
const MOST_SANDBOXES = Math.max(1, Math.min(4, availableParallelism()))

export class LambdaFunction {
  readonly settings: FunctionSettings
  /** All that live, the retired among them. */
  readonly #sandboxes = new Set<Sandbox>()
  readonly #pending = new Map<string, Pending>()
  #stopped = false
  #forPeople = false

  constructor(settings: FunctionSettings) {
    this.settings = settings
  }

  /** Loads the bundle before it is asked for. `forPeople`: from then on it goes before functions that only machines and events call. */
  warm({ forPeople = false }: { forPeople?: boolean } = {}): void {
    this.#forPeople ||= forPeople
    if (!this.#stopped && this.#sandboxes.size === 0) this.#open()
  }

  /** Runs the handler on a JSON text. Never rejects: what goes wrong is a function error, named as Lambda names it. */
  invoke(payload: string): Promise<Invocation> {
    if (this.#stopped) return Promise.resolve({ functionError: STOPPED })
    const id = randomUUID()
    const { promise, resolve } = Promise.withResolvers<Invocation>()
    this.#pending.set(id, { payload, answer: resolve, ...this.#timerOf(id) })
    this.#dispatch(id)
    return promise
  }

  async stop(): Promise<void> {
    this.#stopped = true
    for (const id of [...this.#pending.keys()]) this.#settle(id, { functionError: STOPPED })
    for (const { spinning, idle } of this.#sandboxes) {
      clearTimeout(spinning)
      clearTimeout(idle)
    }
    await Promise.all([...this.#sandboxes].map(({ worker }) => worker.terminate()))
  }

  #dispatch(id: string): void {
    const pending = this.#pending.get(id)
    if (!pending) return
    const sandbox = this.#choose()
    pending.sandbox = sandbox
    sandbox.ids.add(id)
    clearTimeout(sandbox.idle)
    sandbox.idle = undefined
    const { payload, deadline } = pending
    sandbox.worker.postMessage({ kind: 'invoke', id, payload, deadline })
  }

  /** Its time begins anew: what it lost was not its own doing. */
  #restart(id: string): void {
    const pending = this.#pending.get(id)
    if (!pending) return
    clearTimeout(pending.timer)
    Object.assign(pending, this.#timerOf(id))
    this.#dispatch(id)
  }

  #timerOf(id: string): Pick<Pending, 'deadline' | 'timer'> {
    const milliseconds = this.settings.timeoutSeconds * 1_000
    return { deadline: Date.now() + milliseconds, timer: setTimeout(() => this.#timeOut(id), milliseconds) }
  }

  /** The least busy; one that still loads its bundle only when there is no other. */
  #choose(): Sandbox {
    const open = [...this.#sandboxes].filter(({ retired }) => !retired)
    const ready = open.filter((sandbox) => sandbox.ready)
    const [least] = (ready.length > 0 ? ready : open).sort((a, b) => a.ids.size - b.ids.size)
    if (!least) return this.#open()
    if (least.ids.size >= BUSY && open.length < MOST_SANDBOXES) this.#open()
    return least
  }

  #open(): Sandbox {
    const { name, arn, entry, handler, memoryMb, environment, onLog } = this.settings
    const worker = spawnThread(new URL('./worker.ts', import.meta.url), {
      workerData: {
        entry,
        handler,
        functionName: name,
        functionArn: arn,
        memoryMb,
        inBackground: !this.#forPeople,
      } satisfies WorkerData,
      env: environment,
      stdout: true,
      stderr: true,
      // Room for what dies young: hundreds of invocations side by side make much of it.
      resourceLimits: { maxOldGenerationSizeMb: memoryMb, maxYoungGenerationSizeMb: 32 },
    })
    const sandbox: Sandbox = {
      worker,
      ids: new Set(),
      ready: false,
      retired: false,
      spinning: undefined,
      idle: undefined,
    }
    this.#sandboxes.add(sandbox)
    for (const stream of [worker.stdout, worker.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => onLog?.(name, text))
    }
    worker.on('message', (message: FromWorker) => this.#hear(sandbox, message))
    worker.on('error', (error: Error & { code?: string }) => {
      const memory = error.code === 'ERR_WORKER_OUT_OF_MEMORY'
      this.#close(sandbox, memory ? outOfMemory() : ended(error.message))
    })
    worker.on('exit', (code) => this.#close(sandbox, ended(`the sandbox exited with code ${code}`)))
    return sandbox
  }

  #hear(sandbox: Sandbox, message: FromWorker): void {
    if (message.kind === 'result') this.#settle(message.id, { payload: message.payload })
    if (message.kind === 'error') this.#settle(message.id, { functionError: message.error })
    if (message.kind === 'unusable') {
      const { errorType, errorMessage } = message.error
      this.settings.onLog?.(
        this.settings.name,
        `the bundle could not be loaded: ${errorType}: ${errorMessage}\n`,
      )
      this.#close(sandbox, message.error)
    }
    if (message.kind === 'service') this.#serve(sandbox, message)
    if (message.kind === 'ready') sandbox.ready = true
    if (message.kind === 'pong') clearTimeout(sandbox.spinning)
    if (sandbox.retired && sandbox.ids.size === 0) void sandbox.worker.terminate()
  }

  #serve({ worker }: Sandbox, { id, ...call }: { id: number } & ServiceCall): void {
    void this.settings
      .onServiceCall?.(call)
      .then((answer) => worker.postMessage({ kind: 'answer', id, ...answer }))
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
    sandbox.ids.delete(id)
    const others = [...this.#sandboxes].filter(
      (other) => other !== sandbox && other.ready && !other.retired && !other.idle,
    )
    if (sandbox.ids.size > 0 || others.length === 0) return
    sandbox.idle = setTimeout(() => this.#close(sandbox, STOPPED), IDLE_MILLISECONDS).unref()
  }

  /** The sandbox is no more: everything in it has failed for the same reason. */
  #close(sandbox: Sandbox, reason: FunctionError): void {
    if (!this.#sandboxes.delete(sandbox)) return
    clearTimeout(sandbox.spinning)
    clearTimeout(sandbox.idle)
    for (const id of [...sandbox.ids]) this.#settle(id, { functionError: reason })
    void sandbox.worker.terminate()
  }

  #timeOut(id: string): void {
    const sandbox = this.#pending.get(id)?.sandbox
    const seconds = this.settings.timeoutSeconds.toFixed(2)
    const errorMessage = `RequestId: ${id} Error: Task timed out after ${seconds} seconds`
    this.#settle(id, { functionError: { errorType: 'Sandbox.Timedout', errorMessage, trace: [] } })
    if (sandbox) this.#retire(sandbox)
  }

  /** No new work for a sandbox that overran: it ends when its last invocation has, or at once when it spins (L2). */
  #retire(sandbox: Sandbox): void {
    sandbox.retired = true
    clearTimeout(sandbox.spinning)
    sandbox.spinning = setTimeout(() => {
      const stranded = [...sandbox.ids]
      this.#sandboxes.delete(sandbox)
      void sandbox.worker.terminate()
      for (const id of stranded) this.#restart(id)
    }, PING_MILLISECONDS)
    sandbox.worker.postMessage({ kind: 'ping', id: 'alive' })
  }
}

const STOPPED = ended('the local cloud was stopped')

function ended(message: string): FunctionError {
  return { errorType: 'Runtime.ExitError', errorMessage: message, trace: [] }
}

function outOfMemory(): FunctionError {
  return {
    errorType: 'Runtime.OutOfMemory',
    errorMessage: 'the function used more memory than it has',
    trace: [],
  }
}
