import { extname } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Worker } from 'node:worker_threads'
import { spawnThread } from '../spawn-thread.ts'
import { expireItems } from './expire-items.ts'
import type { FromWorker, ToWorker } from './messages.ts'

export type RawAnswer = { status: number; headers: Record<string, string>; body: string }

type KeySchema = readonly { AttributeName: string; KeyType: string }[]
export type TableDescription = {
  TableName: string
  KeySchema?: KeySchema
  GlobalSecondaryIndexes?: readonly { IndexName: string; KeySchema: KeySchema }[] | undefined
  AttributeDefinitions?: unknown
  BillingMode?: string
}

const placeOf = (table: string, index = ''): string => `${table}/${index}`
const hashOf = (schema: KeySchema): string =>
  schema.find(({ KeyType }) => KeyType === 'HASH')?.AttributeName ?? 'pk'

type Waiting = { resolve: (answer: RawAnswer) => void; reject: (reason: Error) => void }

const KEPT_HEADERS = ['content-type', 'x-amz-crc32']

/** The embedded DynamoDB: forwards requests unchanged, once the tables in creation exist. */
export class DynamoDBService {
  readonly #worker: Worker
  readonly #waiting = new Map<number, Waiting>()
  readonly #exited: Promise<unknown>
  #count = 0
  readonly #expiries = new Map<string, string>()
  #ended: Error | undefined
  /** Creations that requests must wait for. */
  readonly #making = new Set<Promise<void>>()
  /** Names of partition keys, by table and index. */
  readonly #partitions = new Map<string, string>()
  /** Settles only when the storage fails (a full disk, a folder locked by another process): no request can be answered after that. */
  readonly failed: Promise<Error>

  /** Opens the tables under `path`, or in memory. */
  constructor(path?: string) {
    const worker = spawnThread(new URL(`./worker${extname(import.meta.url)}`, import.meta.url), {
      workerData: { path },
    })
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
    // The first request opens the store: better at the start than at the first task.
    const opened = this.#request('DynamoDB_20120810.ListTables', '{}')
    this.#make(
      opened.catch((failure: Error) => {
        throw new Error(`the tables in ${path} cannot be used: ${reasonOf(failure)}`, { cause: failure })
      }),
    )
  }

  /**
   * Resolves when all requested tables exist. Rejects when one cannot be created or their folder cannot be used, for instance
   * because another process has it locked.
   */
  async ready(): Promise<void> {
    await Promise.all(this.#making)
  }

  send(target: string, body: Buffer | string): Promise<RawAnswer> {
    if (this.#making.size === 0) return this.#request(target, body)
    return this.ready().then(() => this.#request(target, body))
  }

  /** The name of the partition key of a table, or of one of its indexes; our own tables call theirs `pk`. */
  partitionOf(table: string, index?: string): string {
    return this.#partitions.get(placeOf(table, index)) ?? 'pk'
  }

  /** Starts to create a table, unless it exists; `ready` reports the outcome. */
  createTable(description: TableDescription): void {
    const { TableName, KeySchema = [], GlobalSecondaryIndexes = [] } = description
    this.#partitions.set(placeOf(TableName), hashOf(KeySchema))
    for (const { IndexName, KeySchema: ofIndex } of GlobalSecondaryIndexes)
      this.#partitions.set(placeOf(TableName, IndexName), hashOf(ofIndex))
    this.#make(this.#created(description))
  }

  /** As in AWS, a new table does not exist at once: a put that comes a moment too early is refused. */
  async #created(description: TableDescription): Promise<void> {
    const { TableName } = description
    const created = await this.#request('DynamoDB_20120810.CreateTable', JSON.stringify(description))
    if (created.status !== 200 && !created.body.includes('ResourceInUseException'))
      throw new Error(`table ${TableName}: ${created.body}`)
    for (;;) {
      const { body } = await this.#request('DynamoDB_20120810.DescribeTable', JSON.stringify({ TableName }))
      const { Table } = JSON.parse(body) as { Table?: { TableStatus: string } }
      if (Table?.TableStatus === 'ACTIVE') return
      await delay(1)
    }
  }

  /** Says by which attribute (seconds since 1970) the items of a table expire. */
  setExpiry(table: string, attribute: string): void {
    this.#expiries.set(table, attribute)
  }

  /** Removes the items that have expired by now, in milliseconds since 1970. */
  async expire(now: number): Promise<void> {
    for (const [table, attribute] of this.#expiries)
      await expireItems((target, body) => this.send(`DynamoDB_20120810.${target}`, JSON.stringify(body)), {
        table,
        attribute,
        now,
      })
  }

  async stop(): Promise<void> {
    // Earlier requests have been forwarded by then.
    await this.ready().catch(() => {})
    this.#post({ kind: 'stop' })
    const late = setTimeout(() => void this.#worker.terminate(), 2_000)
    await this.#exited
    clearTimeout(late)
  }

  /** A failure is kept: no request can be answered after it. */
  #make(work: Promise<unknown>): void {
    const making: Promise<void> = work.then(() => void this.#making.delete(making))
    this.#making.add(making)
    making.catch(() => {})
  }

  #request(target: string, body: Buffer | string): Promise<RawAnswer> {
    if (this.#ended) return Promise.reject(this.#ended)
    const { promise, resolve, reject } = Promise.withResolvers<RawAnswer>()
    const id = this.#count++
    this.#waiting.set(id, { resolve, reject })
    this.#post({ kind: 'request', id, target, body: body.toString() })
    return promise
  }

  /** Rejects the requests that wait for a worker that has ended. */
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
