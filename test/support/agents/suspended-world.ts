import { setImmediate } from 'node:timers/promises'
import * as z from 'zod'
import type { VirtualClock } from '../../../local/stepfunctions/run/clock.ts'
import { type AgentContext, type Callback, defineAgent, type Json } from '../../../shared/agent/index.ts'
import { answerCallback, hearCallback } from '../../../shared/app/suspending/answer-callback.ts'
import { submitTask } from '../../../shared/app/tasks/submit-task.ts'
import type { DomainEvent } from '../../../shared/domain/event.ts'
import type { StepRecord } from '../../../shared/domain/step.ts'
import { isOpenTask, type Task } from '../../../shared/domain/task.ts'
import { castOf } from '../../../testing/cast.ts'
import { virtualCloud } from '../../../testing/virtual-cloud.ts'
import { CALLER } from '../stores/callers.ts'

const START = new Date('2026-01-01T00:00:00.000Z')

/** What an agent of the world does in one call. */
export type Turn = (context: AgentContext, input: Json, world: SuspendedWorld) => Promise<unknown>

export type SuspendedWorld = Awaited<ReturnType<typeof suspendedWorld>>

/** An agent `worker`, and others by their ids, each with the capability `job.run`, which may suspend. */
const agentOf = (id: string, turn: Turn, world: () => SuspendedWorld, limits: object) =>
  defineAgent({
    id,
    version: '1.0.0',
    description: 'Does jobs',
    limits,
    capabilities: {
      'job.run': { description: 'Runs a job', input: z.json(), output: z.json(), suspends: true },
    },
    execute: async ({ input }, context) => (await turn(context, input, world())) as Json,
  })

type Settings = {
  turns: Readonly<Record<string, Turn>>
  limits?: object
  /** Called with the path whenever a step is begun or goes on. */
  onBegin?(path: string): void
}

/** A deployment in virtual time whose agents suspend. */
export async function suspendedWorld({ turns, limits = {}, onBegin = () => {} }: Settings) {
  const events: DomainEvent[] = []
  const calls: { path: string; at: number }[] = []
  const broken: unknown[] = []
  const agents = Object.entries(turns).map(([id, turn]) => agentOf(id, turn, () => world, limits))
  const cloud = await virtualCloud({
    now: START,
    seed: 'suspended',
    castOf: (clock: VirtualClock) => {
      const sleep = (seconds: number, signal: AbortSignal) => clock.sleep(seconds * 1_000, signal)
      const cast = castOf(agents, { sleep, onMistake: (reason) => void broken.push(reason) })
      return { ...cast, scripted: new Set(agents.map(({ manifest }) => manifest.id)) }
    },
    onEvent: (event) => void events.push(event),
    onBegin: ({ path }) => onBegin(path),
    onCall: ({ path }, at) => void calls.push({ path, at }),
    onBroken: (reason) => void broken.push(reason),
  })
  const { ports, clock } = cloud
  const taskOf = async (taskId: string): Promise<Task> => {
    const task = await ports.tasks.findTask(taskId)
    if (!task) throw new Error(`there is no task ${taskId}`)
    return task
  }
  const world = {
    ...cloud,
    events,
    calls,
    broken,
    taskOf,
    seconds: () => (clock.now() - START.getTime()) / 1_000,
    submit: async (steps: object, more: object = {}): Promise<string> => {
      const workflow = { name: 'w', steps }
      const { taskId } = await submitTask(ports)({ workflow, input: {}, metadata: {}, ...more }, CALLER)
      return taskId
    },
    recordOf: async (taskId: string, path: string): Promise<StepRecord | undefined> =>
      (await ports.steps.findSteps(taskId, [path]))[0],
    outputOf: async (taskId: string, path: string): Promise<Json | undefined> => {
      const stored = (await world.recordOf(taskId, path))?.output
      return stored && ports.values.loadValue(stored)
    },
    answer: ({ token }: Pick<Callback, 'token'>, output: Json) => answerCallback(ports)({ token, output }),
    fail: ({ token }: Pick<Callback, 'token'>, message: string) =>
      answerCallback(ports)({ token, error: { name: 'JobError', message } }),
    beat: ({ token }: Pick<Callback, 'token'>) => hearCallback(ports)({ token }),
    /** Does something after virtual seconds; time stands still meanwhile. */
    later: (seconds: number, act: () => Promise<unknown>): Promise<unknown> =>
      clock.sleep(seconds * 1_000).then(() => clock.hold(act)),
    /** The task when it has ended. */
    ended: async (taskId: string): Promise<Task> => {
      for (let look = 0; look < 20_000; look++) {
        if (broken.length > 0) throw broken[0]
        const task = await taskOf(taskId)
        if (!isOpenTask(task)) return task
        await setImmediate()
      }
      throw new Error(`task ${taskId} has not ended`)
    },
    /** Lets everything happen that is possible without time. */
    settled: async (): Promise<void> => {
      for (let look = 0; look < 200; look++) await setImmediate()
    },
  }
  return world
}
