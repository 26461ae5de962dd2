import { afterAll, beforeAll } from 'vitest'
import { ManualClock } from '../../support/cloud/manual-clock.ts'
import { startSqs } from '../../support/cloud/sqs-endpoint.ts'
import { describeSqs } from './sqs-conformance.ts'

const clock = new ManualClock()
let server: Awaited<ReturnType<typeof startSqs>>
beforeAll(async () => {
  server = await startSqs({ clock })
})
afterAll(() => server.stop())

describeSqs(
  'the local SQS',
  () => ({ client: server.client, pass: (milliseconds) => clock.pass(milliseconds) }),
  { isStrict: true },
)
