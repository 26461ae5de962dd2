/** Senders and waiting steps in any order, each of which may die at any of its writes, against what a mailbox on paper would do. */
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { giveTo, wakeWith } from '../../shared/app/messages/give-message.ts'
import { sendMessage } from '../../shared/app/messages/send-message.ts'
import { sweepMessages } from '../../shared/app/messages/sweep-messages.ts'
import type { Messages } from '../../shared/ports/index.ts'
import type { Workflow } from '../../shared/workflow/schema.ts'
import { validateWorkflow } from '../../shared/workflow/validate-workflow.ts'
import { openTask } from '../support/stores/open-task.ts'
import { startStores } from '../support/stores/start-stores.ts'

let stores: Awaited<ReturnType<typeof startStores>>
beforeAll(async () => {
  stores = await startStores()
})
afterAll(() => stores.stop())

class Died extends Error {}

/** The same port, whose caller dies before or after one of its writes. */
function dying(port: Messages, atWrite: number): Messages {
  let writes = 0
  const die = () => {
    if (++writes === atWrite) throw new Died()
  }
  const mortal =
    <Args extends unknown[], Result>(method: (...args: Args) => Promise<Result>) =>
    async (...args: Args): Promise<Result> => {
      die()
      const result = await method(...args)
      die()
      return result
    }
  return {
    ...port,
    storeMessage: mortal(port.storeMessage),
    takeMessage: mortal(port.takeMessage),
    releaseMessage: mortal(port.releaseMessage),
    parkMessage: mortal(port.parkMessage),
    listen: mortal(port.listen),
    hear: mortal(port.hear),
  }
}

const steps = {
  hear: { forEach: '{% [1,2,3] %}', steps: { m: { wait: { message: {}, timeoutSeconds: 9 } } } },
}
const { workflow } = validateWorkflow({ name: 'w', steps })
const survives = async (work: () => Promise<unknown>): Promise<boolean> => {
  try {
    await work()
    return true
  } catch (error) {
    if (error instanceof Died) return false
    throw error
  }
}

let count = 0
const task = openTask()
const death = fc.option(fc.integer({ min: 1, max: 8 }), { nil: 0 })
const act = fc.oneof(
  fc.record({ kind: fc.constant('send' as const), from: fc.constantFrom('a', 'b'), death }),
  fc.record({ kind: fc.constant('listen' as const), path: fc.constantFrom(0, 1, 2), death }),
)

it('give each message to one step, each step one message, and none is lost (message-waits/G1, message-waits/G2, message-waits/G3, message-waits/G4)', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(act, { maxLength: 4 }), { maxLength: 6 }), async (rounds) => {
      const { ports } = stores
      // Not by openTask, whose tasks are each a second younger: in the end they were younger than their ends.
      const taskId = `t_${String(++count).padStart(26, '9')}`
      const plan = { taskId, workflow: workflow as Workflow, bindings: {} }
      const woken = new Set<string>()
      const executions = { ...ports.executions, wake: async (token: string) => void woken.add(token) }
      const sent = new Map<string, string[]>([
        ['a', []],
        ['b', []],
      ])
      const listening = new Set<string>()
      let fence = 0
      const send = (from: string, id: string, messages: Messages) =>
        sendMessage({ ...ports, executions, messages }, plan, {
          ...{ id, type: 'event', from: `agent:${from}`, to: 'step:hear.m', body: id },
        })
      const listen = async (path: string, messages: Messages) => {
        const own = { taskId, path, owner: 'o', fence: `0001.0000.${++fence}.0000`.padStart(30, '0') }
        const wish = { token: `token ${path}`, filter: {}, until: '2099-01-01T00:00:00.000Z' }
        const now = await messages.listen(own, wish)
        const given = now && (await giveTo({ ...ports, executions, messages }, now))
        if (given?.listener.heard) await wakeWith({ ...ports, executions, messages }, given)
      }
      for (const round of rounds)
        await Promise.all(
          round.map(async (one) => {
            const mortal = dying(ports.messages, one.death)
            if (one.kind === 'listen') {
              const path = `hear[${one.path}].m`
              listening.add(path)
              // Step Functions calls again.
              if (!(await survives(() => listen(path, mortal)))) await listen(path, ports.messages)
              return
            }
            const id = `${one.from}${sent.get(one.from)?.length}`
            sent.get(one.from)?.push(id)
            // A sender that died before its message was stored is called again; otherwise the sweep does the rest.
            await survives(() => send(one.from, id, mortal))
            if ((await ports.messages.findMessage(taskId, id)) === undefined)
              await send(one.from, id, ports.messages)
          }),
        )
      await sweepMessages({
        ...ports,
        executions,
        tasks: { ...ports.tasks, findTask: async () => task },
      })({
        graceSeconds: -60,
      })
      const listeners = await ports.messages.findListeners(taskId, 'hear')
      const heard = listeners.flatMap((one) => (one.heard?.kind === 'message' ? [one.heard.id] : []))
      const all = [...sent.values()].flat()
      expect(heard).toHaveLength(Math.min(all.length, listening.size))
      expect(new Set(heard).size).toBe(heard.length)
      for (const one of listeners) if (one.heard) expect(woken).toContain(one.token)
      for (const [from, ids] of sent) {
        const { messages } = await ports.messages.listMessages({ taskId, limit: 100 })
        const ofSender = messages.filter((message) => message.from === `agent:${from}`)
        expect(ofSender.map(({ id }) => id).sort()).toEqual([...ids].sort())
        // The first ones are those that were taken; of two steps that share a mailbox each has its own first one.
        if (listening.size > 1) continue
        const taken = ofSender.filter(({ id }) => heard.includes(id)).length
        expect(ofSender.slice(0, taken).every(({ id }) => heard.includes(id))).toBe(true)
      }
    }),
    { numRuns: Number(process.env.ORCHESTRATOR_RUNS ?? 60) },
  )
}, 120_000)
