import { beforeEach, describe, expect, it } from 'vitest'
import * as z from 'zod'
import {
  type DefinedAgent,
  defineAgent,
  FinalError,
  type HandledMessage,
} from '../../../shared/agent/index.ts'
import { deliverBatch, deliverMessage } from '../../../shared/app/messages/deliver-message.ts'
import { sendMessage } from '../../../shared/app/messages/send-message.ts'
import { sweepMessages } from '../../../shared/app/messages/sweep-messages.ts'
import { cancelTask } from '../../../shared/app/tasks/cancel-task.ts'
import { submitTask } from '../../../shared/app/tasks/submit-task.ts'
import type { Agent } from '../../../shared/domain/agent.ts'
import { failureOf } from '../../../shared/domain/bounded.ts'
import { isOrchestratorError } from '../../../shared/domain/errors.ts'
import type { Json } from '../../../shared/domain/json.ts'
import { messagingBy } from '../../../shared/host/messaging/messaging-by.ts'
import type { HandlerCall, MessagePlace, Plan } from '../../../shared/ports/index.ts'
import { epochsAt } from '../../../shared/selector/decayed-counters.ts'
import { hostInMemory } from '../../support/agents/host-in-memory.ts'
import { CALLER } from '../../support/stores/callers.ts'
import { seedWorkflow } from '../../support/stores/seed-task.ts'

type Handle = NonNullable<DefinedAgent['onMessage']>

const agentWith = (id: string, onMessage: Handle, more: object = {}) =>
  defineAgent({
    id,
    version: '1.0.0',
    description: 'for tests',
    capabilities: { [`${id}.do`]: { description: '', input: z.unknown(), output: z.unknown() } },
    execute: async () => null,
    onMessage,
    ...more,
  })

/** A task with agents that handle messages, a deliverer, and what was rung. */
async function world(agents: DefinedAgent[]) {
  const host = hostInMemory()
  const rung: MessagePlace[] = []
  const bell = { ring: async (message: MessagePlace) => void rung.push(message) }
  const { ports, clock } = host
  const messaging = messagingBy({ messages: ports.messages, bell, suspensions: ports.suspensions })
  const calls: HandlerCall[] = []
  const call = async (arn: string, payload: HandlerCall) => {
    const agent = agents.find(({ manifest }) => arn.endsWith(`:${manifest.id}`)) as DefinedAgent
    const handle = messaging.handle({ ...host.hosts, messaging })
    return handle(agent, payload, { id: `i${calls.length}`, remainingMs: () => 100_000 })
  }
  let mishap: (payload: HandlerCall) => 'before' | 'after' | undefined = () => undefined
  const handlers = {
    async callHandler(arn: string, payload: HandlerCall) {
      calls.push(payload)
      const when = mishap(payload)
      if (when === 'before') throw new Error('the deliverer has died')
      try {
        await call(arn, payload)
      } catch (error) {
        const isFinal = isOrchestratorError(error, 'AgentFinalError')
        return { error: failureOf(error), isFinal }
      }
      if (when === 'after') throw new Error('the deliverer has died')
      return { handled: true as const }
    },
  }
  const timer = (_milliseconds: number, act: () => void) => {
    act()
    return () => {}
  }
  const bring = deliverMessage({ ...ports, handlers, timer })
  const deliver = async ({ taskId, id }: { taskId: string; id: string }) => {
    const message = await ports.messages.findMessage(taskId, id)
    if (message) await bring(message)
  }
  const workflow = await seedWorkflow(ports, {
    steps: Object.fromEntries(agents.map(({ manifest: { id } }) => [id, { capability: `${id}.do` }])),
    agents: agents.map(
      ({ manifest }): Agent => ({
        ...manifest,
        ...{ functionArn: `arn:aws:lambda:us-east-1:000000000000:function:${manifest.id}`, status: 'active' },
        ...{ origin: 'deployment', registeredAt: '2026-01-01T00:00:00.000Z' },
      }),
    ),
  })
  const { taskId } = await submitTask(ports)({ workflow, input: {}, metadata: {}, budgetUsd: 10 }, CALLER)
  const plan = await ports.plans.getPlan(taskId)
  const send = (id: string, to: string, body: Json = id, from = 'caller:ada') =>
    sendMessage({ ...ports, bell }, plan as Plan, { id, type: 'event', from, to, body })
  /** Delivers what was rung, and what that has rung. */
  const pump = async () => {
    for (let one = rung.shift(); one; one = rung.shift()) await deliver(one)
  }
  const statusOf = async (id: string) => (await ports.messages.findMessage(taskId, id))?.status
  const onCall = (when: typeof mishap) => {
    mishap = when
  }
  return { ...host, taskId, plan, rung, bell, calls, call, send, pump, deliver, statusOf, onCall, clock }
}

let heard: [string, unknown][]
beforeEach(() => {
  heard = []
})
const hear: Handle = async ({ to, body }: HandledMessage) => void heard.push([to, body])

describe('a message to an agent', () => {
  it('is handled in the order in which its sender has sent it, whatever is told first (delivery/L1)', async () => {
    const { send, deliver, taskId, statusOf } = await world([agentWith('left', hear)])
    for (const id of ['1', '2', '3']) await send(id, 'agent:left')
    await deliver({ taskId, id: '3' })
    await deliver({ taskId, id: '1' })
    expect(heard.map(([, body]) => body)).toEqual(['1', '2', '3'])
    expect(await statusOf('2')).toBe('handled')
  })

  it('is handled once, however often it is told and sent (delivery/L2)', async () => {
    const { send, pump, deliver, taskId, ports, bell } = await world([agentWith('left', hear)])
    await send('m', 'agent:left')
    await send('m', 'agent:left')
    await pump()
    await deliver({ taskId, id: 'm' })
    await sweepMessages({ ...ports, bell })({ graceSeconds: -60 })
    await pump()
    expect(heard).toHaveLength(1)
  })

  it('is handled for the latest call alone: one that comes late changes nothing (delivery/L2, handler/M1)', async () => {
    const { send, pump, call, taskId, statusOf, onCall } = await world([agentWith('left', hear)])
    const payload = (number: number) => ({
      message: {
        ...{ taskId, execution: 1, id: 'm', try: number },
        ...{ to: 'agent:left', from: 'caller:ada', sequence: 1 },
      },
    })
    onCall(({ message }) => (message.try === 1 ? 'before' : undefined))
    await send('m', 'agent:left')
    await expect(pump()).rejects.toThrow('has died')
    await call('x:left', payload(3))
    expect(heard).toEqual([])
    await call('x:left', payload(1))
    expect([heard.length, await statusOf('m')]).toEqual([1, 'handled'])
    await call('x:left', payload(1))
    expect(heard).toHaveLength(1)
  })

  it('is set aside when its agent fails with it again and again, with an event; those behind it go on (delivery/L3)', async () => {
    const failing: Handle = async ({ body }) => {
      heard.push(['', body])
      if (body === 'bad') throw new Error('no price list')
    }
    const { send, pump, statusOf, events, ports, taskId } = await world([agentWith('left', failing)])
    await send('bad', 'agent:left')
    await send('good', 'agent:left')
    await pump()
    expect(heard.filter(([, body]) => body === 'bad')).toHaveLength(4)
    expect([await statusOf('bad'), await statusOf('good')]).toEqual(['set_aside', 'handled'])
    expect(await ports.messages.findMessage(taskId, 'bad')).toMatchObject({
      error: { name: 'AgentFailedError', message: 'no price list' },
    })
    expect(events.filter(({ type }) => type === 'message.set_aside')).toMatchObject([
      { data: { messageId: 'bad', to: 'agent:left', error: { message: 'no price list' } } },
    ])
  })

  it('is set aside at once where another call would do no better, as for a body that the agent does not take', async () => {
    const strict = agentWith('left', hear, { messages: { body: z.object({ price: z.number() }) } })
    const { send, pump, statusOf, calls } = await world([strict])
    await send('m', 'agent:left', { price: 'much' })
    await pump()
    expect([calls.length, heard.length, await statusOf('m')]).toEqual([1, 0, 'set_aside'])
    const final = await world([
      agentWith('left', async () => {
        throw new FinalError('never')
      }),
    ])
    await final.send('m', 'agent:left')
    await final.pump()
    expect(final.calls).toHaveLength(1)
  })

  it('whose calls are all lost is set aside in the end (delivery/L3)', async () => {
    const { send, rung, pump, ports, bell, statusOf, onCall } = await world([agentWith('left', hear)])
    onCall(() => 'before')
    await send('m', 'agent:left')
    for (let times = 0; times < 6; times++) {
      await pump().catch(() => {})
      rung.length = 0
      await sweepMessages({ ...ports, bell })({ graceSeconds: -60 })
    }
    expect([heard.length, await statusOf('m')]).toEqual([0, 'set_aside'])
  })

  it('performs its effects once, also where the call was lost after them (delivery/L4)', async () => {
    let performed = 0
    const pays: Handle = async (_message, { once }) => {
      await once('pay', async () => ++performed)
      heard.push(['', performed])
      if (heard.length < 3) throw new Error('after the payment')
    }
    const { send, pump, statusOf } = await world([agentWith('left', pays)])
    await send('m', 'agent:left')
    await pump()
    expect([performed, heard.length, await statusOf('m')]).toEqual([1, 3, 'handled'])
  })

  it('keeps what handling it has cost, and spends of the budget of its task (handler/M2)', async () => {
    const { send, pump, ports, taskId } = await world([
      agentWith('left', async (_message, { spend }) => spend({ costUsd: 0.25, tokens: 7 })),
    ])
    await send('m', 'agent:left')
    await pump()
    expect(await ports.messages.findMessage(taskId, 'm')).toMatchObject({ costUsd: 0.25, tokens: 7 })
    expect((await ports.budgets.find(taskId))?.spent).toMatchObject({ nanoUsd: 250_000_000 })
  })

  it('says nothing of how its agent does steps (handler/M3)', async () => {
    const failing = agentWith('left', async () => {
      throw new Error('no')
    })
    const { send, pump, ports, clock } = await world([failing])
    await send('m', 'agent:left')
    await pump()
    const found = await ports.breakers.find(['left'])
    expect([...found.values()].map(({ breaker }) => breaker.consecutiveFailures)).toEqual([0])
    const agent = { agentId: 'left', version: '1.0.0', capability: 'left.do' }
    const counted = await ports.statistics.find([agent], epochsAt(clock.now() / 1_000))
    expect(counted.flat()).toEqual([])
  })

  it('may be answered, and cause others, of the same exchange; a chain ends (messages/R4)', async () => {
    const ping: Handle = async ({ to, body }, { messages }) => {
      heard.push([to, body])
      await messages.send(to === 'agent:left' ? 'agent:right' : 'agent:left', Number(body) + 1)
    }
    const { send, pump, ports, taskId } = await world([agentWith('left', ping), agentWith('right', ping)])
    await send('m', 'agent:left', 1)
    await pump()
    expect(heard.slice(0, 16).map(([, body]) => body)).toEqual(Array.from({ length: 16 }, (_, at) => at + 1))
    const { messages } = await ports.messages.listMessages({ taskId, limit: 100 })
    expect(Math.max(...messages.map(({ hops }) => hops))).toBe(16)
    expect(new Set(messages.map(({ correlationId }) => correlationId))).toEqual(new Set(['m']))
    expect(messages.filter(({ status }) => status === 'set_aside')).toMatchObject([{ hops: 16 }])
  })

  it('of a topic goes to the agents that name it, and one to everybody to all but its sender', async () => {
    const left = agentWith('left', hear, { messages: { topics: ['price.changed'] } })
    const { send, pump } = await world([left, agentWith('right', hear)])
    await send('m', 'topic:price.changed', 1)
    await send('n', 'topic:everybody', 2, 'agent:right')
    await pump()
    expect(heard).toEqual([
      ['agent:left', 1],
      ['agent:left', 2],
    ])
  })

  it('that is unknown is refused, with those that handle messages (messages/R1)', async () => {
    const { send } = await world([agentWith('left', hear)])
    await expect(send('m', 'agent:lefd')).rejects.toThrow('"left"')
  })

  it('is given up with its task', async () => {
    const { send, pump, statusOf, ports, taskId } = await world([agentWith('left', hear)])
    await send('m', 'agent:left')
    await cancelTask(ports)({ id: taskId, reason: 'enough' }, CALLER)
    await pump()
    expect([heard.length, await statusOf('m')]).toEqual([0, 'set_aside'])
  })
})

it('a batch goes on with other groups where one fails, and stops within that', async () => {
  const done: string[] = []
  const deliver = async ({ id }: { id: string }) => {
    if (id === 'a2') throw new Error('no')
    done.push(id)
  }
  const records = ['a1', 'a2', 'a3', 'b1', 'b2'].map((id) => ({ taskId: 't', id, group: id.slice(0, 1) }))
  const failed: string[] = []
  const left = await deliverBatch(deliver, records, {
    hasTime: () => true,
    onFailed: ({ id }) => failed.push(id),
  })
  expect(left.map(({ id }) => id)).toEqual(['a2', 'a3'])
  expect(done.sort()).toEqual(['a1', 'b1', 'b2'])
  expect(failed).toEqual(['a2'])
  const late = await deliverBatch(deliver, records, { hasTime: () => false, onFailed: () => {} })
  expect(late).toHaveLength(5)
})
