import type { SQSClient } from '@aws-sdk/client-sqs'
import { afterAll, beforeAll } from 'vitest'
import { describeSqs } from '../integration/sqs/sqs-conformance.ts'
import { clientOf } from '../support/cloud/sqs-endpoint.ts'
import { type Emulator, startEmulator } from './emulator.ts'

let emulator: Emulator
let client: SQSClient
beforeAll(async () => {
  emulator = await startEmulator()
  client = clientOf(emulator.url, { accessKeyId: 'test', secretAccessKey: 'test' })
})
afterAll(async () => {
  client?.destroy()
  await emulator?.stop()
})

/** The suite that the local SQS passes, on an implementation of others: where both agree, the suite is no opinion of ours. */
describeSqs(
  'SQS of the emulator',
  () => ({ client, pass: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)) }),
  { isStrict: false },
)
