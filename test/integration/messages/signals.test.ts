import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { controlStep } from '../../../shared/app/control/control-step.ts'
import { listMessages } from '../../../shared/app/messages/list-messages.ts'
import { postMessage } from '../../../shared/app/messages/post-message.ts'
import { sendMessage } from '../../../shared/app/messages/send-message.ts'
import { showTask } from '../../../shared/app/views/read-tasks.ts'
import { PostMessageSchema } from '../../../shared/contracts/message-views.ts'
import { makeAgent } from '../../support/agents/make-agent.ts'
import { CALLER, callerOf } from '../../support/stores/callers.ts'
import { seedTask } from '../../support/stores/seed-task.ts'
import { startStores } from '../../support/stores/start-stores.ts'

let stores: Awaited<ReturnType<typeof startStores>>
beforeAll(async () => {
  stores = await startStores()
})
afterAll(() => stores.stop())

let calls = 0
const control = (taskId: string, at: 'begin' | 'end', path = 'hear') => {
  const fence = `0001.0000.${String(++calls).padStart(15, '0')}.0000`
  return controlStep(stores.ports)({
    ...{ taskId, execution: 1, path, fence, owner: `o${calls}`, at },
    ...(at === 'begin' ? { token: `token ${taskId} ${path}` } : {}),
  })
}
const waitFor = (message: object, more: object = {}) => ({ wait: { message, timeoutSeconds: 60, ...more } })
const seed = (steps: Record<string, object>) => seedTask(stores.ports, { steps, agents: [makeAgent()] })
const send = (id: string, more: object) =>
  postMessage(stores.ports)(PostMessageSchema.parse({ id, ...more }), CALLER)
const outputOf = async (taskId: string, path = 'hear') => {
  const [record] = await stores.ports.steps.findSteps(taskId, [path])
  return record?.output && stores.ports.values.loadValue(record.output)
}
const isWoken = (taskId: string, path = 'hear') => stores.recorded.woken.includes(`token ${taskId} ${path}`)

describe('a signal', () => {
  it('wakes the step that waits for it, and is its output (message-waits/G1)', async () => {
    const id = await seed({ hear: waitFor({}) })
    await control(id, 'begin')
    expect((await stores.ports.tasks.findTask(id))?.status).toBe('waiting')
    expect((await showTask(stores.ports)({ id }, CALLER)).steps[0]?.status).toBe('waiting')
    const { messages } = await send(id, { to: 'hear', body: { level: 1 } })
    expect(messages).toMatchObject([
      { to: 'step:hear', from: expect.stringMatching(/^caller:arn:/), status: 'taken', by: 'hear', hops: 1 },
    ])
    expect(isWoken(id)).toBe(true)
    expect(await control(id, 'end')).toMatchObject({ status: 'succeeded' })
    expect(await outputOf(id)).toMatchObject({ timedOut: false, id: messages[0]?.id, body: { level: 1 } })
    expect((await stores.ports.tasks.findTask(id))?.status).toBe('running')
  })

  it('is kept for a step that does not wait yet (messages/R2)', async () => {
    const id = await seed({ hear: waitFor({}) })
    expect(await send(id, { to: 'step:hear', body: 'early' })).toMatchObject({
      messages: [{ status: 'kept' }],
    })
    await control(id, 'begin')
    expect(isWoken(id)).toBe(true)
    await control(id, 'end')
    expect(await outputOf(id)).toMatchObject({ body: 'early' })
  })

  it('to a step that waits no more is refused with what has happened (messages/R2)', async () => {
    const id = await seed({ hear: waitFor({}), late: waitFor({}, { onTimeout: 'continue' }) })
    await control(id, 'begin')
    const { messages } = await send(id, { to: 'hear' })
    await control(id, 'end')
    await expect(send(id, { to: 'hear' })).rejects.toMatchObject({
      name: 'ConflictError',
      message: expect.stringMatching(
        new RegExp(
          `"hear" waits for no message any more: "hear" has ended \\(succeeded\\) at .*, with message ${messages[0]?.id}`,
        ),
      ),
    })
    await control(id, 'begin', 'late')
    await control(id, 'end', 'late')
    await expect(send(id, { to: 'late' })).rejects.toThrow(/ended \(succeeded\) .*because none came until/)
  })

  it('to a step or of a topic that never was is refused with the names that are known (messages/R1)', async () => {
    const id = await seed({ hear: waitFor({ topic: 'price.changed' }), nap: { wait: { seconds: 1 } } })
    await expect(send(id, { to: 'heer' })).rejects.toMatchObject({
      name: 'NotFoundError',
      message: expect.stringContaining('"hear"'),
    })
    await expect(send(id, { to: 'nap' })).rejects.toMatchObject({ name: 'NotFoundError' })
    await expect(send(id, { topic: 'prise.changed' })).rejects.toThrow('price.changed')
    const none = await seed({ nap: { wait: { seconds: 1 } } })
    await expect(send(none, { to: 'nap' })).rejects.toThrow('none of its steps waits for a message')
  })

  it('is of its own tenant: nobody else finds the task', async () => {
    const id = await seed({ hear: waitFor({}) })
    const request = PostMessageSchema.parse({ id, to: 'hear' })
    await expect(postMessage(stores.ports)(request, callerOf('other'))).rejects.toThrow('there is no task')
  })

  it('sent again under its key is the same message, also after its step has ended (messages/R3)', async () => {
    const id = await seed({ hear: waitFor({}) })
    await control(id, 'begin')
    const first = await send(id, { to: 'hear', body: 1, idempotencyKey: 'k' })
    await control(id, 'end')
    const again = await send(id, { to: 'hear', body: 2, idempotencyKey: 'k' })
    expect(again).toEqual(first)
  })

  it('is taken only by a step that wants it; the others are kept, in order (message-waits/G3)', async () => {
    const id = await seed({
      hear: waitFor({ type: 'response', from: 'caller', match: { level: '{% 1 + 1 %}' } }),
      rest: waitFor({}),
    })
    for (const [type, level] of [
      ['event', 2],
      ['response', 1],
      ['response', 2],
      ['response', 2],
    ] as const)
      await send(id, { to: 'hear', type, body: { level, at: [level] } })
    await control(id, 'begin')
    await control(id, 'end')
    const { messages } = await listMessages(stores.ports)({ id, limit: 100 }, CALLER)
    expect(messages.map(({ status, sequence }) => [sequence, status])).toEqual([
      [1, 'kept'],
      [2, 'kept'],
      [3, 'taken'],
      [4, 'kept'],
    ])
  })

  it('of a topic goes to every step that waits for it', async () => {
    const id = await seed({ a: waitFor({ topic: 'go' }), b: waitFor({ topic: 'go' }), c: waitFor({}) })
    for (const path of ['a', 'b', 'c']) await control(id, 'begin', path)
    const { messages } = await send(id, { topic: 'go', body: 1 })
    expect(messages.map(({ to, status }) => [to, status])).toEqual([
      ['step:a', 'taken'],
      ['step:b', 'taken'],
    ])
    expect(isWoken(id, 'c')).toBe(false)
  })

  it('to a place in a fan-out goes to one of its steps, and to a path to that one', async () => {
    const each = { forEach: '{% [1,2,3] %}', steps: { hear: waitFor({}) } }
    const id = await seed({ each })
    for (const at of [0, 1]) await control(id, 'begin', `each[${at}].hear`)
    await send(id, { to: 'each[1].hear', body: 'one' })
    expect(isWoken(id, 'each[1].hear')).toBe(true)
    expect(isWoken(id, 'each[0].hear')).toBe(false)
    await send(id, { to: 'each.hear', body: 'any' })
    expect(isWoken(id, 'each[0].hear')).toBe(true)
    await send(id, { to: 'each.hear', body: 'later' })
    await control(id, 'begin', 'each[2].hear')
    expect(isWoken(id, 'each[2].hear')).toBe(true)
    await control(id, 'end', 'each[2].hear')
    expect(await outputOf(id, 'each[2].hear')).toMatchObject({ body: 'later' })
  })

  it('after the time of the step comes too late: the step fails, or goes on (message-store/S3)', async () => {
    const id = await seed({ hear: waitFor({}) })
    await control(id, 'begin')
    await expect(control(id, 'end')).rejects.toThrow('MessageTimedOutError')
    await expect(send(id, { to: 'hear' })).rejects.toMatchObject({ name: 'ConflictError' })
    const patient = await seed({ hear: waitFor({}, { onTimeout: 'continue' }) })
    await control(patient, 'begin')
    await control(patient, 'end')
    expect(await outputOf(patient)).toEqual({ timedOut: true })
  })

  it('may come from a step, once, however often that is called', async () => {
    const id = await seed({
      tell: { send: { to: 'step:hear', type: 'task', body: { sum: '{% 1 + 1 %}' }, correlationId: 'c' } },
      hear: waitFor({ type: 'task', from: 'step:tell' }),
    })
    await control(id, 'begin', 'hear')
    expect(await control(id, 'begin', 'tell')).toMatchObject({ status: 'succeeded' })
    await control(id, 'begin', 'tell')
    await control(id, 'end', 'hear')
    expect(await outputOf(id)).toMatchObject({ body: { sum: 2 }, correlationId: 'c', from: 'step:tell' })
    const { messages } = await listMessages(stores.ports)({ id, limit: 100 }, CALLER)
    expect(await outputOf(id, 'tell')).toEqual({ id: messages[0]?.id, recipients: 1 })
    expect(messages).toHaveLength(1)
  })

  it('of a step to one that waits no more is the failure of its sender', async () => {
    const id = await seed({
      hear: waitFor({}, { onTimeout: 'continue' }),
      tell: { needs: ['hear'], send: { to: 'step:hear' }, onFailure: 'continue' },
    })
    await control(id, 'begin', 'hear')
    await control(id, 'end', 'hear')
    expect(await control(id, 'begin', 'tell')).toMatchObject({ status: 'failed' })
    const [record] = await stores.ports.steps.findSteps(id, ['tell'])
    expect(record?.error).toMatchObject({
      name: 'ConflictError',
      message: expect.stringContaining('any more'),
    })
  })

  it('that would be the seventeenth of a chain is refused (messages/R4)', async () => {
    const id = await seed({ hear: waitFor({}) })
    const plan = await stores.ports.plans.getPlan(id)
    const sendAfter = (hops: number) =>
      sendMessage(stores.ports, plan, {
        ...{ id: `after${hops}`, type: 'task', from: 'agent:a', to: 'hear', body: null },
        cause: { id: 'before', correlationId: 'c', hops },
      })
    await expect(sendAfter(16)).rejects.toThrow('16 is the most')
    expect(await sendAfter(15)).toMatchObject([{ hops: 16, correlationId: 'c', causationId: 'before' }])
  })

  it('with a body that is too large is refused', async () => {
    const id = await seed({ hear: waitFor({}) })
    await expect(send(id, { to: 'hear', body: 'x'.repeat(1_000_000) })).rejects.toMatchObject({
      name: 'ContentTooLargeError',
    })
    const large = { text: 'x'.repeat(100_000) }
    await send(id, { to: 'hear', body: large })
    await control(id, 'begin')
    await control(id, 'end')
    expect(await outputOf(id)).toMatchObject({ body: large })
  })
})
