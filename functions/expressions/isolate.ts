import { Worker } from 'node:worker_threads'
import { OrchestratorError } from '../../shared/domain/errors.ts'
import type { Answers } from '../../shared/workflow/evaluate-in-order.ts'
import type { FromIsolate, IsolateData, ToIsolate } from './messages.ts'

export type IsolateSettings = {
  /** The thread's module, and the script of its realm. */
  module: URL
  realm: URL
  memoryMb: number
  /** Of one evaluation. */
  processorMilliseconds: number
  /** Of one evaluation on a machine that has no time for it. */
  wallMilliseconds: number
}

/** The evaluation under way: how many had ended before it, when it began, its thread's processor time when it was first looked at. */
type UnderWay = { ended: number; at: number; processor?: number }
type Job = { endedBefore: number; answer: (answers: Answers) => void; reject: (error: Error) => void }

/** So long nobody asks for its processor time, which costs a little. */
const UNWATCHED_MILLISECONDS = 100

/** One thread that evaluates; it is used no more when it has been `ended`. */
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
      resourceLimits: { maxOldGenerationSizeMb: memoryMb, maxYoungGenerationSizeMb: 64, stackSizeMb: 4 },
    })
    // The process may end while it waits for work.
    this.#worker.unref()
    this.#worker.on('message', (answers: FromIsolate) => this.#settle((job) => job.answer(answers)))
    this.#worker.on('error', (error: Error & { code?: string }) => {
      // Its `exit` comes later, and nobody may be given to it meanwhile.
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

  /** Since its last progress. */
  get busyMilliseconds(): number {
    return this.#job ? performance.now() - this.#underWay.at : 0
  }

  /** Only when it is not busy. */
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

  /** Ends an evaluation that has had its time; to be called now and then while it is busy. */
  async watch(): Promise<void> {
    const ended = Atomics.load(this.#progress, 0)
    if (ended !== this.#underWay.ended) this.#underWay = { ended, at: performance.now() }
    if (this.busyMilliseconds < UNWATCHED_MILLISECONDS) return
    const underWay = this.#underWay
    const processor = await this.#processorMilliseconds()
    if (this.#underWay !== underWay || !this.#job) return
    const { processorMilliseconds, wallMilliseconds } = this.#settings
    // What it had before it was first looked at is at most the time that has passed since it began.
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
    // Ended meanwhile: then nobody asks any more.
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
