import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import * as z from 'zod'
import { type AgentContext, defineAgent, type Json } from '../../../shared/agent/index.ts'
import { giveTo } from '../../../shared/app/messages/give-message.ts'
import { sendMessage } from '../../../shared/app/messages/send-message.ts'
import { sweepMessages } from '../../../shared/app/messages/sweep-messages.ts'
import { submitTask } from '../../../shared/app/tasks/submit-task.ts'
import type { MessageFilter } from '../../../shared/domain/message.ts'
import { messagingBy } from '../../../shared/host/messaging/messaging-by.ts'
import { runStep } from '../../../shared/host/run-step.ts'
import { hostSuspending } from '../../../shared/host/suspending/host-suspending.ts'
import type { Plan } from '../../../shared/ports/index.ts'
import { makeAgent } from '../../support/agents/make-agent.ts'
import { silentPorts } from '../../support/agents/silent-host.ts'
import { CALLER } from '../../support/stores/callers.ts'
import { startStores } from '../../support/stores/start-stores.ts'

let stores: Awaited<ReturnType<typeof startStores>>
beforeAll(async () => {
  stores = await startStores()
})
afterAll(() => stores.stop())

/** A task with a step of an agent that does `turn` in each call, and an agent that may be asked. */
async function begun(turn: (context: AgentContext) => Promise<unknown>, { talks = true } = {}) {
  const { ports } = stores
  const capability = { name: 'job.run', description: '', inputSchema: {}, outputSchema: {} }
  await ports.agents.putAgent({
    ...makeAgent({ id: 'asker' }),
    capabilities: [{ ...capability, suspends: true }],
  })
  await ports.agents.putAgent({
    ...makeAgent({ id: 'seller', capability: 'price.say' }),
    messages: { topics: [] },
  })
  const workflow = {
    name: 'w',
    steps: { a: { capability: 'job.run', agent: 'asker' }, b: { capability: 'price.say' } },
  }
  const { taskId } = await submitTask(ports)({ workflow, input: {}, metadata: {} }, CALLER)
  const agent = defineAgent({
    id: 'asker',
    version: '1.0.0',
    description: 'Asks',
    needs: { messages: true },
    capabilities: { 'job.run': { description: '', input: z.json(), output: z.json(), suspends: true } },
    execute: async (_call, context) => (await turn(context)) as Json,
  })
  const messaging = messagingBy({
    messages: ports.messages,
    bell: ports.bell,
    suspensions: ports.suspensions,
  })
  const run = runStep({
    ...silentPorts(ports),
    suspending: hostSuspending({ ...ports, callbackUrl: 'https://api.test/api/v1' }),
    ...(talks ? { messaging } : {}),
  })
  const plan = await ports.plans.getPlan(taskId)
  return {
    taskId,
    call: (at: number) =>
      run(
        agent,
        {
          ...{ taskId, path: 'a', redrives: 0, turn: at },
          state: { EnteredTime: new Date().toISOString(), RetryCount: 0 },
        },
        { id: `r${at}`, remainingMs: () => 60_000 },
      ),
    answer: (id: string, body: Json, from = 'agent:seller', correlationId = '') =>
      sendMessage(ports, plan as Plan, {
        ...{ id, type: 'response', from, to: 'step:a', body, correlationId },
      }),
    asked: async () => (await ports.messages.openMessages(taskId, 'agent:seller'))[0],
    statusOf: async (id: string) => (await ports.messages.findMessage(taskId, id))?.status,
    woken: async () => (await ports.suspensions.findWoken({ runKey: taskId, path: 'a' })).woken,
  }
}

const ask = async (context: AgentContext) =>
  context.resumed?.by ?? context.messages.ask('agent:seller', { item: 'boat' }, { timeoutSeconds: 60 })

describe('an agent that asks', () => {
  it('is called again with the answer of whom it has asked, and with nobody else’s', async () => {
    const step = await begun(ask)
    expect(await step.call(0)).toMatchObject({ status: 'waiting', suspended: { n: 1 } })
    const asked = await step.asked()
    expect(asked).toMatchObject({ from: 'step:a', type: 'task', to: 'agent:seller' })
    const { correlationId = '' } = asked ?? {}
    await step.answer('wrong', 1, 'agent:other', correlationId)
    await step.answer('stray', 2, 'agent:seller', 'another')
    expect(await step.woken()).toBeUndefined()
    await step.answer('right', { price: 3 }, 'agent:seller', correlationId)
    await step.answer('late', { price: 4 }, 'agent:seller', correlationId)
    expect(await step.woken()).toMatchObject({ n: 1, cause: 'right' })
    expect(await step.call(1)).toMatchObject({ status: 'succeeded' })
    const [record] = await stores.ports.steps.findSteps(step.taskId, ['a'])
    const output = record?.output && (await stores.ports.values.loadValue(record.output))
    expect(output).toMatchObject({ kind: 'message', message: { id: 'right', body: { price: 3 } } })
    expect([await step.statusOf('wrong'), await step.statusOf('late')]).toEqual(['kept', 'kept'])
  })

  it('gets an answer that comes before it waits (message-waits/G1)', async () => {
    const step = await begun(async (context) => {
      if (context.resumed) return context.resumed.by
      const suspension = await context.messages.ask('agent:seller', 1, { timeoutSeconds: 60 })
      const asked = await step.asked()
      await step.answer('quick', 'at once', 'agent:seller', asked?.correlationId)
      return suspension
    })
    expect(await step.call(0)).toMatchObject({ suspended: { n: 1 } })
    expect(await step.woken()).toMatchObject({ n: 1, cause: 'quick' })
    expect(await step.call(1)).toMatchObject({ status: 'succeeded' })
  })

  it('asks again in a later turn, and is not given the answer of the first one again', async () => {
    const step = await begun(async ({ resumed, messages }) => {
      if ((resumed?.n ?? 0) < 2) return messages.ask('agent:seller', 'the same', { timeoutSeconds: 60 })
      return resumed?.by
    })
    await step.call(0)
    const first = await step.asked()
    await step.answer('one', 1, 'agent:seller', first?.correlationId)
    expect(await step.call(1)).toMatchObject({ suspended: { n: 2 } })
    const all = await stores.ports.messages.openMessages(step.taskId, 'agent:seller')
    expect(new Set(all.map(({ id }) => id)).size).toBe(2)
    await step.answer('two', 2, 'agent:seller', all[1]?.correlationId)
    expect(await step.woken()).toMatchObject({ n: 2, cause: 'two' })
  })

  it('hears each message once, also one that fits what it waits for again (message-waits/G5)', async () => {
    const heard: Json[] = []
    const step = await begun(async ({ resumed, suspend }) => {
      if (resumed?.by.kind === 'message') heard.push((resumed.by.message as { id: string }).id)
      return heard.length === 2 ? null : suspend({ until: { message: {}, timeoutSeconds: 60 } })
    })
    await step.call(0)
    await step.answer('one', 1)
    expect(await step.call(1)).toMatchObject({ suspended: { n: 2 } })
    expect((await step.woken())?.n).toBe(1)
    await step.answer('two', 2)
    expect(await step.call(2)).toMatchObject({ status: 'succeeded' })
    expect(heard).toEqual(['one', 'two'])
  })

  it('lets go of a message that was taken for it by who died, and that it waits for no more (message-waits/G2)', async () => {
    const { taskId } = await begun(ask)
    const { messages } = stores.ports
    const at = new Date().toISOString()
    const listen = (item: number, suspension: number, filter: MessageFilter) =>
      messages.listen(
        { taskId, path: `hear[${item}].m`, owner: 'o', fence: `0001.0000.${suspension}` },
        { token: '', suspension, filter, until: at },
      )
    await listen(0, 1, {})
    const { record } = await messages.storeMessage({
      ...{ id: 'left', type: 'event', from: 'agent:b', to: 'step:hear.m', taskId, hops: 1 },
      ...{ correlationId: '', at, body: { inline: '1' } },
    })
    await messages.takeMessage(record, { path: 'hear[0].m', execution: 1, suspension: 1 }, at)
    await listen(0, 2, { type: 'task' })
    const other = await listen(1, 1, {})
    const given = other && (await giveTo(stores.ports, other))
    expect(given?.listener.heard).toEqual({ kind: 'message', id: 'left' })
  })

  it('is woken by the sweep where whoever has answered has died (message-waits/G4)', async () => {
    const step = await begun(ask)
    await step.call(0)
    const asked = await step.asked()
    const { record } = await stores.ports.messages.storeMessage({
      ...{ id: 'left', type: 'response', from: 'agent:seller', to: 'step:a', taskId: step.taskId, hops: 2 },
      ...{ correlationId: asked?.correlationId ?? '', at: new Date().toISOString(), body: { inline: '1' } },
    })
    expect(record.status).toBe('sent')
    await sweepMessages(stores.ports)({ graceSeconds: -60 })
    expect(await step.woken()).toMatchObject({ cause: 'left' })
  })

  it('that waits for messages has to say that it needs them', async () => {
    const wait = async (context: AgentContext) =>
      context.suspend({ until: { message: {}, timeoutSeconds: 60 } })
    const step = await begun(wait, { talks: false })
    await expect(step.call(0)).rejects.toThrow('declare needs: {messages: true}')
  })
})
