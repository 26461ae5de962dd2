import { Worker } from 'node:worker_threads'
import type { FromWorker, ToWorker } from './messages.ts'

export type RawAnswer = { status: number; headers: Record<string, string>; body: string }

type Waiting = { resolve: (answer: RawAnswer) => void; reject: (reason: Error) => void }

const KEPT_HEADERS = ['content-type', 'x-amz-crc32']

/** The embedded DynamoDB: requests are passed on as they are. */
export class DynamoDBService {
  readonly #worker: Worker
  readonly #waiting = new Map<number, Waiting>()
  readonly #exited: Promise<unknown>
  #count = 0
  #ended: Error | undefined
  /** Settles only when the storage fails (a full disk, a folder that another process has): nothing works after that. */
  readonly failed: Promise<Error>

  private constructor(worker: Worker) {
    this.#worker = worker
    const failed = Promise.withResolvers<Error>()
    this.failed = failed.promise
    worker.on('error', (error: Error) => {
      failed.resolve(error)
      this.#end(error)
    })
    this.#exited = new Promise((resolve) => worker.on('exit', resolve))
    void this.#exited.then(() => this.#end(new Error('the tables are closed')))
    worker.on('message', ({ id, status, headers, body }: FromWorker) => {
      const kept = KEPT_HEADERS.map((name) => [name, headers[name] ?? ''])
      this.#waiting.get(id)?.resolve({ status, headers: Object.fromEntries(kept), body })
      this.#waiting.delete(id)
    })
  }

  /** Tables live under `path`, or in memory. Throws when the path cannot be used, by another process's hold on it too. */
  static async start(path?: string): Promise<DynamoDBService> {
    const worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData: { path }, execArgv: [] })
    const service = new DynamoDBService(worker)
    // The store is opened by the first request: better now than by the first task.
    const opened = service.send('DynamoDB_20120810.ListTables', '{}')
    await opened.catch((failure: Error) => {
      throw new Error(`the tables in ${path} cannot be used: ${reasonOf(failure)}`, { cause: failure })
    })
    return service
  }

  send(target: string, body: Buffer | string): Promise<RawAnswer> {
    if (this.#ended) return Promise.reject(this.#ended)
    const { promise, resolve, reject } = Promise.withResolvers<RawAnswer>()
    const id = this.#count++
    this.#waiting.set(id, { resolve, reject })
    this.#post({ kind: 'request', id, target, body: body.toString() })
    return promise
  }

  /** Creates a table unless it is there already. */
  async createTable(description: { TableName: string }): Promise<void> {
    const answer = await this.send('DynamoDB_20120810.CreateTable', JSON.stringify(description))
    if (answer.status === 200 || answer.body.includes('ResourceInUseException')) return
    throw new Error(`table ${description.TableName}: ${answer.body}`)
  }

  async stop(): Promise<void> {
    this.#post({ kind: 'stop' })
    const late = setTimeout(() => void this.#worker.terminate(), 2_000)
    await this.#exited
    clearTimeout(late)
  }

  /** Nobody waits for a worker that is no more. */
  #end(reason: Error): void {
    this.#ended ??= reason
    for (const { reject } of this.#waiting.values()) reject(reason)
    this.#waiting.clear()
  }

  #post(message: ToWorker): void {
    this.#worker.postMessage(message)
  }
}

function reasonOf(error: Error): string {
  return error.cause instanceof Error ? `${error.message} (${error.cause.message})` : error.message
}
