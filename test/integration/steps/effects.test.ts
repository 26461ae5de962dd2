import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import * as z from 'zod'
import { type AgentContext, defineAgent, RetryableError } from '../../../shared/agent/index.ts'
import { makeAgent } from '../../support/agents/make-agent.ts'
import { silentHost } from '../../support/agents/silent-host.ts'
import { seedTask } from '../../support/stores/seed-task.ts'
import { startStores } from '../../support/stores/start-stores.ts'

let stores: Awaited<ReturnType<typeof startStores>>
beforeAll(async () => {
  stores = await startStores()
})
afterAll(() => stores.stop())

type Work = (context: AgentContext) => Promise<string>

/** The number of refunds in a common benchmark of exactly-once effects. */
const REFUNDS = 209

/** An external refund service that supports idempotency keys and status queries. */
class Refunds {
  readonly performed: string[] = []
  readonly #byKey = new Map<string, string>()

  refund(order: string, idempotencyKey?: string): string {
    const before = idempotencyKey && this.#byKey.get(idempotencyKey)
    if (before) return before
    this.performed.push(order)
    const receipt = `receipt of ${order}`
    if (idempotencyKey) this.#byKey.set(idempotencyKey, receipt)
    return receipt
  }

  find(order: string): string | undefined {
    return this.performed.includes(order) ? `receipt of ${order}` : undefined
  }
}

let invocations = 0
/** One invocation of the host; a killed one never continues. */
function invoke(taskId: string, path: string, second: number, work: Work): Promise<unknown> {
  const agent = defineAgent({
    id: 'worker',
    version: '1.0.0',
    description: 'for tests',
    capabilities: { 'work.do': { description: 'refunds', input: z.json(), output: z.string() } },
    execute: (_call, context) => work(context),
  })
  const EnteredTime = new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString()
  const payload = { taskId, path, state: { EnteredTime, RetryCount: 0 } }
  const invocation = { id: `request-${++invocations}`, remainingMs: () => 60_000 }
  return silentHost(stores.ports)(agent, payload, invocation)
}

const killed = new Promise<never>(() => {})
/** Waits for a condition. */
const until = async (happened: () => boolean): Promise<void> => {
  while (!happened()) await new Promise((resolve) => setTimeout(resolve, 5))
}

async function seedRefunds(): Promise<{ taskId: string; paths: string[] }> {
  const paths = Array.from({ length: REFUNDS }, (_, at) => `r${at}`)
  const steps = Object.fromEntries(paths.map((path) => [path, { capability: 'work.do' }]))
  return { taskId: await seedTask(stores.ports, { steps, agents: [makeAgent()], input: 1 }), paths }
}

describe(`${REFUNDS} refunds, each killed between the refund and its return`, () => {
  it('are performed once each with the ledger, and their receipts come back (once/N1, once/N2)', async () => {
    const { taskId, paths } = await seedRefunds()
    const service = new Refunds()
    let begun = 0
    for (const path of paths) {
      void invoke(taskId, path, 1, ({ once, step }) =>
        once('refund', async (key) => {
          service.refund(step.path, key)
          begun += 1
          return killed
        }),
      )
    }
    await until(() => begun === REFUNDS)
    const work: Work = ({ once, step }) => once('refund', async (key) => service.refund(step.path, key))
    await Promise.all(paths.map((path) => invoke(taskId, path, 2, work)))
    expect(service.performed.toSorted()).toEqual(paths.toSorted())
    const ended = await stores.ports.steps.findSteps(taskId, paths)
    expect(ended.map(({ status }) => status)).toEqual(paths.map(() => 'succeeded'))
  }, 60_000)

  it('are performed twice each without it', async () => {
    const { taskId, paths } = await seedRefunds()
    const service = new Refunds()
    let begun = 0
    for (const path of paths) {
      void invoke(taskId, path, 1, async ({ step }) => {
        service.refund(step.path)
        begun += 1
        return killed
      })
    }
    await until(() => begun === REFUNDS)
    await Promise.all(
      paths.map((path) => invoke(taskId, path, 2, async ({ step }) => service.refund(step.path))),
    )
    expect(service.performed).toHaveLength(2 * REFUNDS)
  }, 60_000)
})

describe('an effect', () => {
  const seedOne = () =>
    seedTask(stores.ports, { steps: { s: { capability: 'work.do' } }, agents: [makeAgent()], input: 1 })

  it('whose result is known is not performed again by the next attempt (once/N1)', async () => {
    const taskId = await seedOne()
    let performed = 0
    const effect = async () => `${++performed}`
    const fails: Work = async ({ once }) => {
      await once('mail', effect)
      throw new RetryableError('after the mail')
    }
    await expect(invoke(taskId, 's', 1, fails)).rejects.toThrow('after the mail')
    await invoke(taskId, 's', 2, ({ once }) => once('mail', effect))
    expect(performed).toBe(1)
    const [step] = await stores.ports.steps.findSteps(taskId, ['s'])
    expect(step?.output && (await stores.ports.values.loadValue(step.output))).toBe('1')
  })

  it('is looked up at the target if it has `find`, once the first claim’s time is over (once/N3)', async () => {
    const taskId = await seedOne()
    const service = new Refunds()
    const mostSeconds = 0.3
    let asked = 0
    let begun = false
    const find = async () => {
      asked += 1
      return service.find('order')
    }
    void invoke(taskId, 's', 1, ({ once }) =>
      once('refund', {
        mostSeconds,
        find,
        perform: async () => {
          begun = true
          // A slow attempt that is then killed: the refund is sent after the next attempt has begun.
          await new Promise((resolve) => setTimeout(resolve, 150))
          service.refund('order')
          return killed
        },
      }),
    )
    await until(() => begun)
    await invoke(taskId, 's', 2, ({ once }) =>
      once('refund', { mostSeconds, find, perform: async () => service.refund('order') }),
    )
    expect(service.performed).toEqual(['order'])
    expect(asked).toBe(1)
  })

  it('is not performed by a superseded attempt (once/N4)', async () => {
    const taskId = await seedOne()
    const { promise: waiting, resolve: goOn } = Promise.withResolvers<void>()
    let begun = false
    const service = new Refunds()
    const late = invoke(taskId, 's', 1, async ({ once }) => {
      begun = true
      await waiting
      return once('refund', async (key) => service.refund('late', key))
    })
    await until(() => begun)
    void invoke(taskId, 's', 2, ({ once }) =>
      once('refund', async (key) => {
        service.refund('order', key)
        goOn()
        return killed
      }),
    )
    await expect(late).rejects.toMatchObject({ name: 'StepSupersededError' })
    expect(service.performed).toEqual(['order'])
  })

  it('has a key of its own in each step', async () => {
    const keys: string[] = []
    for (const taskId of [await seedOne(), await seedOne()])
      await invoke(taskId, 's', 1, async ({ once }) => {
        for (const name of ['a', 'b'])
          await once(name, async (key) => {
            keys.push(key)
            return null
          })
        return 'done'
      })
    expect(new Set(keys).size).toBe(4)
    await expect(invoke(await seedOne(), 's', 1, ({ once }) => once('', async () => ''))).rejects.toThrow(
      '1 to 200 characters',
    )
  })
})
