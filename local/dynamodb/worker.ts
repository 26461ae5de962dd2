import { EventEmitter } from 'node:events'
import { parentPort, workerData } from 'node:worker_threads'
import dynalite from 'dynalite'
import { closeIterators } from './close-iterators.ts'
import { countItemsInBytes } from './item-size.ts'
import type { FromWorker, ToWorker } from './messages.ts'
import { rememberExpressions } from './remember-expressions.ts'

/**
 * Runs dynalite in a worker thread. dynalite is an HTTP server; here requests arrive as messages, because a socket costs more
 * than most requests. Writes are on disk before they are answered, so the thread may end at any time.
 */
const { path } = workerData as { path?: string }
closeIterators()
countItemsInBytes()
rememberExpressions()
const server = dynalite({ createTableMs: 0, updateTableMs: 0, deleteTableMs: 0, ...(path ? { path } : {}) })
let underWay = 0
let stopping = false

const HEADERS = {
  'content-type': 'application/x-amz-json-1.0',
  authorization:
    'AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=local',
  'x-amz-date': '20260101T000000Z',
}

parentPort?.on('message', (message: ToWorker) => {
  if (message.kind === 'request') return answer(message)
  stopping = true
  endWhenDone()
})

function answer({ id, target, body }: Extract<ToWorker, { kind: 'request' }>): void {
  underWay += 1
  const request = Object.assign(new EventEmitter(), {
    method: 'POST',
    url: '/',
    headers: { ...HEADERS, 'x-amz-target': target },
  })
  const headers: Record<string, string> = {}
  const response = {
    statusCode: 200,
    setHeader: (name: string, value: unknown) => {
      headers[name.toLowerCase()] = String(value)
    },
    end: (text: string) => {
      underWay -= 1
      send({ kind: 'answer', id, status: response.statusCode, headers, body: text })
      endWhenDone()
    },
  }
  server.emit('request', request, response)
  request.emit('data', Buffer.from(body))
  request.emit('end')
}

const send = (message: FromWorker): void => parentPort?.postMessage(message)

function endWhenDone(): void {
  if (stopping && underWay === 0) process.exit(0)
}
