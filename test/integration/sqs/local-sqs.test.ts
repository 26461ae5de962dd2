import { afterAll, beforeAll } from 'vitest'
import { startSqs } from '../../support/cloud/sqs-endpoint.ts'
import { describeSqs } from './sqs-conformance.ts'

let time = Date.UTC(2026, 0, 1)
const naps = new Set<() => void>()
/** Real requests, and time that passes when a test says so. */
const clock = {
  now: () => time,
  sleep: (milliseconds: number, signal?: AbortSignal) =>
    new Promise<void>((resolve, reject) => {
      const due = time + milliseconds
      const look = (): void => {
        if (time < due) return
        naps.delete(look)
        resolve()
      }
      naps.add(look)
      signal?.addEventListener('abort', () => {
        naps.delete(look)
        reject(signal.reason)
      })
    }),
}
let server: Awaited<ReturnType<typeof startSqs>>
beforeAll(async () => {
  server = await startSqs({ clock })
})
afterAll(() => server.stop())

const pass = async (milliseconds: number): Promise<void> => {
  time += milliseconds
  for (const look of [...naps]) look()
}

describeSqs('the local SQS', () => ({ client: server.client, pass }), { isStrict: true })
