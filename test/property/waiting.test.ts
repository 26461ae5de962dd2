import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { beginWait, endWait } from '../../shared/app/waits/waiting.ts'
import type { Plan, Ports } from '../../shared/ports/index.ts'
import { memoryClient } from '../../testing/memory/client.ts'
import { memoryBlobs } from '../../testing/memory/files.ts'
import { memoryTable } from '../../testing/memory/table.ts'
import { taskPorts } from '../../testing/memory/task-ports.ts'
import { openTask } from '../support/stores/open-task.ts'

const STEPS = ['a', 'b', 'items[0].c']
const clock = { now: () => new Date('2026-01-01T00:00:00.000Z') }
const blobs = memoryBlobs()

/**
 * The actions of each step, in order: a step may end its wait, or still wait at the end. Calls are repeated after a crash.
 * With `overtakes` the step ends before the call that begins its wait completes. `crashes`: after how many port calls each try was killed.
 */
const deed = (path: fc.Arbitrary<string>, ends: fc.Arbitrary<boolean>) =>
  fc.record({
    path,
    ends,
    overtakes: fc.boolean(),
    crashes: fc.array(fc.integer({ min: 0, max: 6 }), { maxLength: 2 }),
  })
/** One step ends its wait while another one begins; the rest is chance. */
const histories = fc
  .tuple(
    deed(fc.constant('a'), fc.constant(true)),
    deed(fc.constant('b'), fc.boolean()),
    fc.array(deed(fc.constantFrom(...STEPS), fc.boolean()), { maxLength: 2 }),
  )
  .map(([one, other, rest]) => [one, other, ...rest])

describe('the status of a task whose steps wait', () => {
  it('agrees with the remaining waits, for every interleaving of their calls (waiting/W1, waiting/W2, waiting/W3)', async () => {
    await fc.assert(
      fc.asyncProperty(histories, fc.scheduler(), async (history, scheduler) => {
        const client = memoryClient({ tasks: memoryTable() })
        const stored = taskPorts({ client, table: 'tasks', blobs, digest: (text) => text })
        const task = openTask()
        await stored.tasks.createTask(task)
        const ports = {
          clock,
          tasks: slowed(stored.tasks, scheduler),
          steps: slowed(stored.steps, scheduler),
          waits: slowed(stored.waits, scheduler),
        }
        const plan = { taskId: task.id, tenant: task.tenant } as Plan
        // One step's calls follow one another; those of different steps run at once.
        const ofStep = async (path: string): Promise<void> => {
          const deeds = history.filter((one) => one.path === path)
          for (const [at, { ends, overtakes, crashes }] of deeds.entries()) {
            const own = { taskId: task.id, path, owner: 'o', fence: `f${at}` }
            const waiter = { ports, plan, own }
            const startedAt = clock.now().toISOString()
            await stored.steps.takeOverStep(own, { startedAt })
            const begun = beginWait(waiter, { kind: 'time', until: '2026-01-02T00:00:00.000Z' })
            if (!ends || !overtakes) await begun
            if (!ends) continue
            await stored.steps.endStep(own, { status: 'failed', endedAt: startedAt })
            for (const most of crashes)
              await endWait({ ...waiter, ports: killedAfter(ports, most) }).catch(unlessKilled)
            await endWait(waiter)
            await begun
          }
        }
        const all = Promise.all(STEPS.map(ofStep))
        await scheduler.waitFor(all)
        const waits = await stored.waits.hasWaits(task.id)
        expect((await stored.tasks.findTask(task.id))?.status).toBe(waits ? 'waiting' : 'running')
        const left = STEPS.filter((path) => history.findLast((one) => one.path === path)?.ends === false)
        expect(waits).toBe(left.length > 0)
      }),
      { numRuns: 1_000 },
    )
  })
})

const KILLED = 'the function was killed'
const unlessKilled = (error: Error): void => {
  if (error.message !== KILLED) throw error
}

/** Ports of an invocation that is killed after so many calls. */
function killedAfter<Given extends Partial<Ports>>(ports: Given, most: number): Given {
  let calls = 0
  const counted = (port: object): object =>
    new Proxy(port, {
      get: (target, name, receiver) => {
        const method: unknown = Reflect.get(target, name, receiver)
        return typeof method === 'function'
          ? async (...input: unknown[]) => {
              if (calls++ >= most) throw new Error(KILLED)
              return method.apply(target, input)
            }
          : method
      },
    })
  const { clock, ...others } = ports
  return {
    clock,
    ...Object.fromEntries(Object.entries(others).map(([name, port]) => [name, counted(port)])),
  } as Given
}

/** A port whose calls happen in the order of a scheduler. */
function slowed<Port extends Partial<Ports>[keyof Ports] & object>(
  port: Port,
  scheduler: fc.Scheduler,
): Port {
  return new Proxy(port, {
    get: (target, name, receiver) => {
      const method: unknown = Reflect.get(target, name, receiver)
      return typeof method === 'function'
        ? async (...input: unknown[]) => {
            await scheduler.schedule(Promise.resolve(), String(name))
            return method.apply(target, input)
          }
        : method
    },
  })
}
