/**
 * An agent in a container whose work is long: it answers a call by 202, works, tells by heartbeats that it lives, and answers by the callback. The
 * standard library of Node alone. `SIGNING_SECRETS=whsec_... PORT=8000 node server.mjs`
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import { createServer } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'

const { PORT = '8000', SIGNING_SECRETS = '', WORK_SECONDS = '2' } = process.env
const SECRETS = SIGNING_SECRETS.split(/\s+/).filter(Boolean)
const MOST_BYTES = 6_000_000
const MOST_SECONDS_APART = 300
const HEARTBEAT_SECONDS = 30
/** Calls that are worked on, or were: a repetition of one begins nothing. In memory, so lost with the container. */
const begun = new Set()

createServer((request, response) => {
  handle(request).then(
    ({ status, body }) => answer(response, status, body),
    ({ status = 500, message }) => answer(response, status, { title: message, status }),
  )
}).listen(Number(PORT), function () {
  console.log(`listening on ${this.address().port}`)
})

async function handle(request) {
  if (request.method === 'GET' && request.url === '/health') return { status: 200, body: {} }
  if (request.method !== 'POST') throw Object.assign(new Error('no such path'), { status: 404 })
  const text = await bodyOf(request)
  if (SECRETS.length > 0) verify(request.headers, text)
  const call = JSON.parse(text)
  if (!call.callback) throw Object.assign(new Error('register it with suspends: true'), { status: 422 })
  if (!begun.has(call.id)) {
    begun.add(call.id)
    void work(call)
  }
  return { status: 202, body: { timeoutSeconds: 3_600, heartbeatSeconds: 3 * HEARTBEAT_SECONDS } }
}

/** The job: here it counts words, and takes its time. */
async function work({ input, callback }) {
  const heartbeats = setInterval(() => post(`${callback.url}/heartbeat`, {}), HEARTBEAT_SECONDS * 1_000)
  try {
    await delay(Number(WORK_SECONDS) * 1_000)
    const words = String(input.text).split(/\s+/).filter(Boolean).length
    await post(callback.url, { output: { words } })
  } catch (error) {
    await post(callback.url, { error: { name: error.name, message: error.message } })
  } finally {
    clearInterval(heartbeats)
  }
}

/** An answer that is lost is sent again; one that is refused (4xx) is not. */
async function post(url, body) {
  for (let tries = 0; tries < 5; tries++) {
    const answered = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    }).catch(() => undefined)
    if (answered && answered.status < 500) return
    await delay(1_000 * 2 ** tries)
  }
}

function verify(headers, text) {
  const { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': given = '' } = headers
  const isNow = Math.abs(Date.now() / 1_000 - Number(timestamp)) <= MOST_SECONDS_APART
  const isRight = SECRETS.some((secret) => {
    const key = Buffer.from(secret.replace('whsec_', ''), 'base64')
    const right = createHmac('sha256', key).update(`${id}.${timestamp}.${text}`).digest()
    return given.split(' ').some((one) => {
      const bytes = Buffer.from(one.replace('v1,', ''), 'base64')
      return bytes.length === right.length && timingSafeEqual(bytes, right)
    })
  })
  if (!isNow || !isRight)
    throw Object.assign(new Error('the call is not signed by the orchestrator'), { status: 401 })
}

async function bodyOf(request) {
  const chunks = []
  let bytes = 0
  for await (const chunk of request) {
    bytes += chunk.length
    if (bytes > MOST_BYTES) throw Object.assign(new Error('the call is too large'), { status: 413 })
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

function answer(response, status, body) {
  const type = status < 400 ? 'application/json' : 'application/problem+json'
  response.writeHead(status, { 'content-type': type }).end(JSON.stringify(body))
}
