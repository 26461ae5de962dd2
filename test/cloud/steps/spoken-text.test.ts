/** The whole way of a text: a model behind the local Bedrock, a bundle in its sandbox, the step's record, a watcher of the API. */
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { removeAltered, replaceAgent } from '../../support/cloud/altered-assembly.ts'
import { type LocalApi, startApi } from '../../support/cloud/local-api.ts'
import { HeldStream } from '../../support/models/held-stream.ts'

const AGENT = join(import.meta.dirname, '../../support/agents/speaking-agent.ts')
const MODELS = {
  default: {
    provider: 'bedrock',
    id: 'amazon.nova-lite-v1:0',
    structured: 'tool',
    contextTokens: 8_000,
    price: { input: 1_000, output: 1_000 },
  },
}
const WRITE = {
  name: 'speaking',
  steps: { write: { capability: 'text.write', input: { task: 'speak' }, retry: { maxAttempts: 1 } } },
}

let held: HeldStream
let api: LocalApi
beforeAll(async () => {
  held = await HeldStream.start()
  api = await startApi({ assembly: await replaceAgent('language', AGENT, MODELS), models: { url: held.url } })
})
afterAll(async () => {
  await api?.stop()
  await held?.[Symbol.asyncDispose]()
  removeAltered()
})

const said = async (taskId: string): Promise<string> => {
  const { steps } = await api.ask('getTask', { id: taskId, watch: true })
  return steps[0]?.said ?? ''
}
/** Seconds after a moment, until a watcher who asks every 50 ms sees a text. */
async function secondsUntilSeen(taskId: string, text: string, since: number): Promise<number> {
  await expect.poll(() => said(taskId), { interval: 50, timeout: 10_000 }).toBe(text)
  return (performance.now() - since) / 1_000
}

/** What is promised takes one or two (`bench:models` measures it); a machine with other work is slower. The streams stay open much longer. */
const MOST_SECONDS = 5

describe('what a model says', () => {
  it("is seen by a watcher soon after the model's first byte, and by and by", async () => {
    const { taskId } = await api.submitOwn(WRITE)
    await said(taskId)
    const call = await held.call()
    expect(await secondsUntilSeen(taskId, 'Once', await call.say('Once'))).toBeLessThan(MOST_SECONDS)
    expect(await secondsUntilSeen(taskId, 'Once upon', await call.say(' upon'))).toBeLessThan(MOST_SECONDS)
    await call.say(' a time')
    await call.end()
    expect(await api.ended(taskId)).toMatchObject({ status: 'succeeded' })
    expect(await api.resultOf(taskId)).toMatchObject({ write: { text: 'Once upon a time' } })
    expect(await said(taskId)).toBe('')
  })
})

/** What has been taken of a task's budget, in USD: what was told, and what died with its attempt. */
async function spent(taskId: string): Promise<number> {
  const { budget } = await api.ask('getTask', { id: taskId })
  return (budget?.spentUsd ?? 0) + (budget?.unknownUsd ?? 0)
}
/** 100 tokens of output at most, at a thousand dollars a million; those of the input come on top. */
const MOST_OF_CALL = 0.1

describe('while a model speaks', () => {
  it('a task that is cancelled is seen soon: the call ends at the model, and has paid what was held (model-gate/G2)', async () => {
    const { taskId } = await api.submitOwn(WRITE, {}, { budgetUsd: 10 })
    const call = await held.call()
    await call.say('Once')
    const before = performance.now()
    await api.call('POST', `/tasks/${taskId}/cancel`, { reason: 'enough' })
    await call.closed
    expect((performance.now() - before) / 1_000).toBeLessThan(MOST_SECONDS)
    expect(await api.ended(taskId)).toMatchObject({ status: 'cancelled' })
    await expect.poll(() => spent(taskId)).toBeGreaterThan(MOST_OF_CALL)
  })

  it('a function that is killed leaves the call, which has paid what was held; the next attempt asks again (model-gate/G2)', async () => {
    const steps = { write: { ...WRITE.steps.write, input: { task: 'die' }, retry: { maxAttempts: 2 } } }
    const { taskId } = await api.submitOwn({ ...WRITE, steps }, {}, { budgetUsd: 10 })
    const call = await held.call()
    const before = await call.say('Once')
    await call.closed
    expect((performance.now() - before) / 1_000).toBeLessThan(MOST_SECONDS)
    const again = await held.call()
    await again.say('Twice')
    await again.end()
    expect(await api.ended(taskId)).toMatchObject({ status: 'succeeded' })
    expect(await api.resultOf(taskId)).toMatchObject({ write: { text: 'Twice' } })
    const { steps: records } = await api.ask('getTask', { id: taskId })
    expect(records).toMatchObject([
      { status: 'succeeded', attempts: [{ error: { name: 'Lambda.Unknown' } }] },
    ])
    // The second has told its usage, of a few tokens.
    expect(await spent(taskId)).toBeGreaterThan(MOST_OF_CALL)
    expect(await spent(taskId)).toBeLessThan(2 * MOST_OF_CALL)
  })
})
