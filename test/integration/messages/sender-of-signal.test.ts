import { afterAll, beforeAll, expect, it } from 'vitest'
import { postMessage } from '../../../shared/app/messages/post-message.ts'
import { PostMessageSchema } from '../../../shared/contracts/message-views.ts'
import { type Caller, DEFAULT_TENANT } from '../../../shared/domain/caller.ts'
import { isWanted } from '../../../shared/domain/message.ts'
import { makeAgent } from '../../support/agents/make-agent.ts'
import { seedTask } from '../../support/stores/seed-task.ts'
import { startStores } from '../../support/stores/start-stores.ts'

let stores: Awaited<ReturnType<typeof startStores>>
beforeAll(async () => {
  stores = await startStores()
})
afterAll(() => stores.stop())

const token = (subject: string): Caller => ({
  tenant: DEFAULT_TENANT,
  subject,
  kind: 'oidc',
  scopes: ['tasks:write'],
  issuer: 'https://id.example.com',
})

it.each([
  ['the id of a key', 'key/k1', 'key/k1'],
  ['the name of a role', 'role/admin', 'role/admin'],
  ['the ARN of a user', 'arn:aws:iam::123456789012:user/ada', 'arn:aws:iam::123456789012:user/ada'],
  ['the number of a run behind a name', 'ada[1]', 'ada'],
])('a token whose subject is %s sends in no name of another', async (_what, subject, other) => {
  const { ports } = stores
  const steps = { hear: { wait: { message: {}, timeoutSeconds: 60 } } }
  const id = await seedTask(ports, { steps, agents: [makeAgent()] })
  const asked = PostMessageSchema.parse({ id, to: 'hear', body: null })
  const [sent] = (await postMessage(ports)(asked, token(subject))).messages
  if (!sent) throw new Error('nothing was sent')
  expect(isWanted({ from: `caller:${other}` }, sent, null)).toBe(false)
  expect(isWanted({ from: 'caller' }, sent, null)).toBe(true)
})
