import { Worker } from 'node:worker_threads'
import { OrchestratorError } from '../../shared/domain/errors.ts'
import type { Answers } from '../../shared/workflow/evaluate-in-order.ts'
import type { FromIsolate, IsolateData, ToIsolate } from './messages.ts'

export type IsolateSettings = {
  /** The thread's module; `realm` is the script that its realm runs. */
  module: URL
  realm: URL
  memoryMb: number
  /** The processor time limit of one evaluation. */
  processorMilliseconds: number
  /** The wall-clock limit of one evaluation, for a machine that is too busy to give it processor time. */
  wallMilliseconds: number
}

/** The evaluation under way: its index, when it began, and the thread's processor time when it was first measured. */
type UnderWay = { ended: number; at: number; processor?: number }
type Job = { endedBefore: number; answer: (answers: Answers) => void; reject: (error: Error) => void }

/** An evaluation younger than this is not measured: reading a thread's processor time costs a little. */
const UNWATCHED_MILLISECONDS = 100

/**
 * A thread at its limit gets 16 MB more from Node, so that it can end. What one collection moves to the old generation must fit
 * into them: otherwise V8 aborts the process (nodejs/node#47224).
 */
const YOUNG_MB = 16

/** One worker thread that evaluates expressions; once `ended` it is never used again. */
export class Isolate {
  readonly #settings: IsolateSettings
  readonly #worker: Worker
  readonly #progress = new Int32Array(new SharedArrayBuffer(4))
  #underWay: UnderWay = { ended: 0, at: 0 }
  #job: Job | undefined
  isEnded = false

  constructor(settings: IsolateSettings, onEnd: () => void) {
    const { module, realm, memoryMb } = settings
    this.#settings = settings
    this.#worker = new Worker(module, {
      workerData: { realm: realm.href, progress: this.#progress } satisfies IsolateData,
      env: {},
      execArgv: [],
      resourceLimits: {
        maxOldGenerationSizeMb: memoryMb,
        maxYoungGenerationSizeMb: YOUNG_MB,
        stackSizeMb: 4,
      },
    })
    // The thread must not keep the process alive while it is idle.
    this.#worker.unref()
    this.#worker.on('message', (answers: FromIsolate) => this.#settle((job) => job.answer(answers)))
    this.#worker.on('error', (error: Error & { code?: string }) => {
      // The `exit` event comes later; until then no evaluation may be given to this thread.
      this.isEnded = true
      if (error.code === 'ERR_WORKER_OUT_OF_MEMORY')
        this.#fail(`it needs more than ${memoryMb} MB of memory${ENDLESS}`)
      else this.#settle((job) => job.reject(broken(error)))
    })
    this.#worker.on('exit', () => {
      this.isEnded = true
      this.#settle((job) =>
        job.reject(new OrchestratorError('UnavailableError', 'the thread of expressions has ended')),
      )
      onEnd()
    })
  }

  get isBusy(): boolean {
    return this.#job !== undefined
  }

  /** Time since an evaluation last ended, in milliseconds. */
  get busyMilliseconds(): number {
    return this.#job ? performance.now() - this.#underWay.at : 0
  }

  /** May be called only when the isolate is idle. */
  run(evaluations: ToIsolate): Promise<Answers> {
    const { promise, resolve: answer, reject } = Promise.withResolvers<Answers>()
    const endedBefore = Atomics.load(this.#progress, 0)
    this.#job = { endedBefore, answer, reject }
    this.#underWay = { ended: endedBefore, at: performance.now() }
    this.#worker.ref()
    this.#worker.postMessage(evaluations)
    return promise
  }

  end(): Promise<number> {
    this.isEnded = true
    return this.#worker.terminate()
  }

  /** Ends the thread of an evaluation that is over its limit; called periodically while the isolate is busy. */
  async watch(): Promise<void> {
    const ended = Atomics.load(this.#progress, 0)
    if (ended !== this.#underWay.ended) this.#underWay = { ended, at: performance.now() }
    if (this.busyMilliseconds < UNWATCHED_MILLISECONDS) return
    const underWay = this.#underWay
    const processor = await this.#processorMilliseconds()
    if (this.#underWay !== underWay || !this.#job) return
    const { processorMilliseconds, wallMilliseconds } = this.#settings
    // Before the first measurement the evaluation used at most the time since it began.
    underWay.processor ??= processor - Math.min(processor, this.busyMilliseconds)
    const spent = processor - underWay.processor
    if (spent > processorMilliseconds) {
      this.#fail(`it took more than ${processorMilliseconds} ms of processor time${ENDLESS}`)
    } else if (this.busyMilliseconds > wallMilliseconds) {
      const message = `an expression had no processor for ${wallMilliseconds / 1_000} s; the machine is too busy`
      this.#settle((job) => job.reject(new OrchestratorError('UnavailableError', message)))
      void this.end()
    }
  }

  async #processorMilliseconds(): Promise<number> {
    // The thread may have ended meanwhile; then its usage no longer matters.
    const usage = await this.#worker.cpuUsage().catch(() => undefined)
    return usage ? (usage.user + usage.system) / 1_000 : 0
  }

  #fail(error: string): void {
    const failedAt = (job: Job): number => Atomics.load(this.#progress, 0) - job.endedBefore
    this.#settle((job) => job.answer({ failedAt: failedAt(job), error }))
    void this.end()
  }

  #settle(settle: (job: Job) => void): void {
    const job = this.#job
    this.#job = undefined
    this.#worker.unref()
    if (job) settle(job)
  }
}

const ENDLESS = '; is it a loop or a recursion without end?'

const broken = (cause: Error): OrchestratorError =>
  new OrchestratorError('BugError', `expressions cannot be evaluated: ${cause.message}`, {}, cause)
