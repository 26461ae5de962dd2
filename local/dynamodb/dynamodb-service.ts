import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'

export type RawAnswer = { status: number; headers: Record<string, string>; body: Buffer }

/** The embedded DynamoDB: requests are passed on as they are. */
export class DynamoDBService {
  readonly #worker: Worker
  readonly #socket: string
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 64 })
  /** Settles only when the storage fails (a full disk, a folder that another process has): nothing works after that. */
  readonly failed: Promise<Error>

  private constructor(worker: Worker, socket: string) {
    this.#worker = worker
    this.#socket = socket
    this.failed = once(worker, 'error').then(([error]) => error as Error)
  }

  /** Tables live under `path`, or in memory. Throws when the path cannot be used, by another process's hold on it too. */
  static async start(path?: string): Promise<DynamoDBService> {
    const name = `orchestrator-${process.pid}-${randomBytes(6).toString('hex')}`
    const socket = process.platform === 'win32' ? `\\\\.\\pipe\\${name}` : join(tmpdir(), `${name}.sock`)
    const worker = new Worker(new URL('./worker.ts', import.meta.url), {
      workerData: { path, socket },
      execArgv: [],
    })
    await once(worker, 'message')
    const service = new DynamoDBService(worker, socket)
    // The store is opened by the first request: better now than by the first task.
    const opened = service.send('DynamoDB_20120810.ListTables', '{}')
    const failure = await Promise.race([opened.then(() => undefined), service.failed])
    if (failure) throw new Error(`the tables in ${path} cannot be used: ${reasonOf(failure)}`)
    return service
  }

  send(target: string, body: Buffer | string): Promise<RawAnswer> {
    const { promise, resolve, reject } = Promise.withResolvers<RawAnswer>()
    const headers = {
      'x-amz-target': target,
      'content-type': 'application/x-amz-json-1.0',
      'content-length': Buffer.byteLength(body),
      authorization:
        'AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=local',
      'x-amz-date': '20260101T000000Z',
    }
    const options = { socketPath: this.#socket, method: 'POST', agent: this.#agent, headers }
    const outgoing = request(options, (answer) => {
      const chunks: Buffer[] = []
      answer.on('data', (chunk: Buffer) => chunks.push(chunk))
      answer.on('end', () => {
        const kept = {
          'content-type': answer.headers['content-type'] ?? '',
          'x-amz-crc32': String(answer.headers['x-amz-crc32'] ?? ''),
        }
        resolve({ status: answer.statusCode ?? 500, headers: kept, body: Buffer.concat(chunks) })
      })
      answer.on('error', reject)
    })
    outgoing.on('error', reject)
    outgoing.end(body)
    return promise
  }

  /** Creates a table unless it is there already. */
  async createTable(description: { TableName: string }): Promise<void> {
    const answer = await this.send('DynamoDB_20120810.CreateTable', JSON.stringify(description))
    const text = answer.body.toString()
    if (answer.status === 200 || text.includes('ResourceInUseException')) return
    throw new Error(`table ${description.TableName}: ${text}`)
  }

  async stop(): Promise<void> {
    this.#agent.destroy()
    const exited = once(this.#worker, 'exit')
    this.#worker.postMessage('stop')
    const late = setTimeout(() => void this.#worker.terminate(), 2_000)
    await exited
    clearTimeout(late)
  }
}

function reasonOf(error: Error): string {
  return error.cause instanceof Error ? `${error.message} (${error.cause.message})` : error.message
}
