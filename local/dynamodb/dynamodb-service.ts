import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { Worker } from 'node:worker_threads'

export type RawAnswer = { status: number; headers: Record<string, string>; body: Buffer }

/** The embedded DynamoDB: requests are passed on as they are. */
export class DynamoDBService {
  readonly #worker: Worker
  readonly #port: number
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 64 })

  private constructor(worker: Worker, port: number) {
    this.#worker = worker
    this.#port = port
  }

  /** Tables live under `path`, or in memory. Throws when another process holds the path. */
  static async start(path?: string): Promise<DynamoDBService> {
    const worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData: { path }, execArgv: [] })
    const [message] = (await once(worker, 'message')) as [{ port: number }]
    return new DynamoDBService(worker, message.port)
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
    const outgoing = request(
      { host: '127.0.0.1', port: this.#port, method: 'POST', agent: this.#agent, headers },
      (answer) => {
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
      },
    )
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
