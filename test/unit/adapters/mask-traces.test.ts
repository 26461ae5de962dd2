import dgram from 'node:dgram'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, it, vi } from 'vitest'
import { maskTraces } from '../../../functions/telemetry/mask-traces.ts'
import { secretMask } from '../../../shared/domain/secret-mask.ts'

const open: (() => void)[] = []
afterEach(() => {
  for (const close of open.splice(0)) close()
  vi.unstubAllEnvs()
})

const KEY = 'bot4711:AAF-secret-of-a-bot'
const TRACE = JSON.stringify({ http: { request: { url: `https://api.example.com/${KEY}/send` } }, id: 1 })

/** What comes to a server when X-Ray's SDK sends a trace to it. */
async function received(isDaemon: boolean): Promise<string> {
  const server = dgram.createSocket('udp4')
  server.bind(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  if (isDaemon) vi.stubEnv('AWS_XRAY_DAEMON_ADDRESS', `127.0.0.1:${port}`)
  const mask = secretMask()
  mask.learn('BOT', KEY)
  const client = dgram.createSocket('udp4')
  open.push(
    maskTraces(mask),
    () => client.close(),
    () => server.close(),
  )
  const message = Buffer.from(`xx${TRACE}`)
  client.send(message, 2, message.length - 2, port, '127.0.0.1', () => {})
  const [text] = (await once(server, 'message')) as [Buffer]
  return text.toString()
}

it('mask-output/O3: a trace has no secret that stood in a path', async () => {
  expect(JSON.parse(await received(true))).toEqual({
    http: { request: { url: 'https://api.example.com/[secret BOT]/send' } },
    id: 1,
  })
})

it('what goes elsewhere is sent as it is', async () => {
  expect(await received(false)).toBe(TRACE)
})
