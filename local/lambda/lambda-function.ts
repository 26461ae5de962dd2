/**
 * One Lambda function: its bundle in a worker thread, invocations side by side in it, so that hundreds of waiting
 * agents cost little.
 *
 * Invariants (tests cite them):
 * L1 every invocation is answered once: result, error, timeout, or the worker's end
 * L2 a handler that spins cannot be waited for: after the timeout its worker is ended, and the invocations that
 *    shared it are run again on a new one (on AWS they would have had sandboxes of their own)
 * L3 a worker's trouble stays in it: out of memory or a failed import is an error of its invocations
 */
import { randomUUID } from 'node:crypto'
import { Worker } from 'node:worker_threads'
import type { FromWorker, FunctionError } from './messages.ts'

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
}

export type Invocation = { payload: string } | { functionError: FunctionError }

type Pending = {
  payload: string
  deadline: number
  answer: (outcome: Invocation) => void
  timer: NodeJS.Timeout
}
type Sandbox = { worker: Worker; pending: Map<string, Pending>; retired: boolean }

/** How long a worker may take to say that it is alive after one of its invocations has timed out. */
const PING_MILLISECONDS = 500

export class LambdaFunction {
  readonly settings: FunctionSettings
  #sandbox: Sandbox | undefined
  #stopped = false

  constructor(settings: FunctionSettings) {
    this.settings = settings
  }

  /** Runs the handler on a JSON text. Never rejects: what goes wrong is a function error, named as Lambda names it. */
  invoke(payload: string): Promise<Invocation> {
    const id = randomUUID()
    const { promise, resolve } = Promise.withResolvers<Invocation>()
    const deadline = Date.now() + this.settings.timeoutSeconds * 1_000
    const timer = setTimeout(() => this.#timeOut(id), this.settings.timeoutSeconds * 1_000)
    this.#dispatch(id, { payload, deadline, answer: resolve, timer })
    return promise
  }

  /** Loads the bundle before the first invocation asks for it. */
  warm(): void {
    this.#sandbox ??= this.#open()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    const sandbox = this.#sandbox
    this.#sandbox = undefined
    if (!sandbox) return
    for (const id of [...sandbox.pending.keys()])
      this.#settle(sandbox, id, { functionError: ended('the local cloud was stopped') })
    await sandbox.worker.terminate()
  }

  #dispatch(id: string, pending: Pending): void {
    this.#sandbox ??= this.#open()
    const sandbox = this.#sandbox
    sandbox.pending.set(id, pending)
    sandbox.worker.postMessage({ kind: 'invoke', id, payload: pending.payload, deadline: pending.deadline })
  }

  #open(): Sandbox {
    const { name, arn, entry, handler, memoryMb, environment, onLog } = this.settings
    const worker = new Worker(new URL('./worker.ts', import.meta.url), {
      workerData: { entry, handler, functionName: name, functionArn: arn, memoryMb },
      env: environment,
      execArgv: [],
      stdout: true,
      stderr: true,
      resourceLimits: { maxOldGenerationSizeMb: memoryMb },
    })
    const sandbox: Sandbox = { worker, pending: new Map(), retired: false }
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
    if (message.kind === 'result') this.#settle(sandbox, message.id, { payload: message.payload })
    if (message.kind === 'error') this.#settle(sandbox, message.id, { functionError: message.error })
    if (message.kind === 'unusable') {
      const { errorType, errorMessage } = message.error
      this.settings.onLog?.(
        this.settings.name,
        `the bundle could not be loaded: ${errorType}: ${errorMessage}\n`,
      )
      this.#close(sandbox, message.error)
    }
    if (sandbox.retired && sandbox.pending.size === 0) void sandbox.worker.terminate()
  }

  #settle(sandbox: Sandbox, id: string, outcome: Invocation): void {
    const pending = sandbox.pending.get(id)
    if (!pending) return
    sandbox.pending.delete(id)
    clearTimeout(pending.timer)
    pending.answer(outcome)
  }

  /** The sandbox is no more: everything in it has failed for the same reason. */
  #close(sandbox: Sandbox, reason: FunctionError): void {
    if (this.#sandbox === sandbox) this.#sandbox = undefined
    for (const id of [...sandbox.pending.keys()]) this.#settle(sandbox, id, { functionError: reason })
    void sandbox.worker.terminate()
  }

  #timeOut(id: string): void {
    const sandbox = this.#sandbox
    if (!sandbox?.pending.has(id)) return
    const seconds = this.settings.timeoutSeconds.toFixed(2)
    const message = `RequestId: ${id} Error: Task timed out after ${seconds} seconds`
    this.#settle(sandbox, id, {
      functionError: { errorType: 'Sandbox.Timedout', errorMessage: message, trace: [] },
    })
    this.#retire(sandbox)
  }

  /** No new work for a sandbox that overran: it ends when its last invocation has, or at once when it spins (L2). */
  #retire(sandbox: Sandbox): void {
    if (sandbox.retired) return
    sandbox.retired = true
    this.#sandbox = undefined
    const spinning = setTimeout(() => {
      const stranded = [...sandbox.pending]
      sandbox.pending.clear()
      void sandbox.worker.terminate()
      for (const [id, pending] of stranded) {
        if (this.#stopped) pending.answer({ functionError: ended('the local cloud was stopped') })
        else this.#dispatch(id, pending)
      }
    }, PING_MILLISECONDS)
    sandbox.worker.on('message', (message: FromWorker) => {
      if (message.kind !== 'pong') return
      clearTimeout(spinning)
      if (sandbox.pending.size === 0) void sandbox.worker.terminate()
    })
    sandbox.worker.postMessage({ kind: 'ping', id: 'alive' })
  }
}

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
