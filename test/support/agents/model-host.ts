import * as z from 'zod'
import { type DefinedAgent, defineAgent, type ToolLoop } from '../../../shared/agent/index.ts'
import { rebindStep } from '../../../shared/app/steps/rebind-step.ts'
import { submitTask } from '../../../shared/app/tasks/submit-task.ts'
import { RebindPayloadSchema } from '../../../shared/contracts/step-payload.ts'
import type { Json } from '../../../shared/domain/json.ts'
import type { ModelSettings } from '../../../shared/domain/model-settings.ts'
import { runStep } from '../../../shared/host/run-step.ts'
import { type ModelScript, type SeenModelCall, scriptedModels } from '../../../testing/scripted-models.ts'
import { CALLER } from '../stores/callers.ts'
import { seedWorkflow } from '../stores/seed-task.ts'
import { hostInMemory } from './host-in-memory.ts'
import { makeAgent } from './make-agent.ts'
import type { Work } from './working-agent.ts'

/** The agent "worker", which needs the model `default`. */
export const thinkingAgent = (work: Work, more: object = {}): DefinedAgent =>
  defineAgent({
    id: 'worker',
    version: '1.0.0',
    description: 'for tests',
    needs: { models: ['default', 'spare'] },
    capabilities: { 'work.do': { description: 'works', input: z.unknown(), output: z.unknown() } },
    execute: (call, context) => work(call.input, context),
    ...more,
  })

/** An agent whose work is a loop of the model and tools. */
export const loopingAgent = (loop: Partial<ToolLoop>): DefinedAgent =>
  thinkingAgent(async (_input, { model }) => {
    const asked = { prompt: 'go', maxOutputTokens: 100, tools: [], ...loop }
    const { text, turns } = await model.runTools(asked as ToolLoop)
    return { text, turns }
  })

type Life = { dead: boolean; left: number }

/** A host in memory with scripted models, whose invocations may die at any of their operations. */
export function modelHost(answers: ModelScript, settings: Partial<ModelSettings> = {}) {
  const world = hostInMemory()
  const calls: SeenModelCall[] = []
  let entries = 0
  return {
    ...world,
    calls,
    async seed({ step = {}, ...task }: { step?: object; budgetUsd?: number; budgetTokens?: number } = {}) {
      const workflow = await seedWorkflow(world.ports, {
        steps: { a: { capability: 'work.do', ...step } },
        agents: [makeAgent()],
      })
      const { taskId } = await submitTask(world.ports)({ workflow, input: {}, metadata: {}, ...task }, CALLER)
      return taskId
    },
    /** One invocation; `dies` is the number of its operation before which its worker dies. It settles with what it returns, or with `died`. */
    async invoke(
      agent: DefinedAgent,
      taskId: string,
      { dies = 1e9, turn = 0, now = () => new Date(world.clock.now()), hosts = {} } = {},
    ) {
      const life: Life = { dead: false, left: dies }
      const died = Promise.withResolvers<'died'>()
      const pass = async (): Promise<void> => {
        if (!life.dead && life.left-- > 0) return
        life.dead = true
        died.resolve('died')
        await new Promise(() => {})
      }
      const script = typeof answers === 'function' ? answers : undefined
      const models = scriptedModels(
        { default: { answers: script ?? answers, price: { input: 1_000, output: 1_000 }, ...settings } },
        [],
        (call) => calls.push(call),
      )
      const mortals = Object.entries(world.hosts).flatMap(([name, port]) =>
        ALIVE.includes(name) ? [] : [[name, mortal(port as object, pass)]],
      )
      const ports = {
        ...world.hosts,
        ...Object.fromEntries(mortals),
        models: { ...models, generate: mortal({ generate: models.generate }, pass).generate },
        clock: { now },
        timer: () => () => {},
        ...hosts,
      }
      const second = ++entries
      const payload = {
        taskId,
        path: 'a',
        state: { EnteredTime: new Date(Date.UTC(2026, 0, 1)).toISOString(), RetryCount: second },
        redrives: 0,
        turn,
      }
      const ended = runStep(ports)(agent, payload, { id: `request-${second}`, remainingMs: () => 60_000 })
      ended.catch(() => {})
      return { answer: await Promise.race([ended, died.promise]), operations: dies - life.left }
    },
    /** The rebinder's call after an invocation has ended with an error. */
    async rebind(taskId: string, turn: number, { name, message }: Error) {
      const payload = {
        taskId,
        path: 'a',
        state: { EnteredTime: new Date(Date.UTC(2026, 0, 1)).toISOString(), RetryCount: 0 },
        redrives: 0,
        error: { error: { Error: name, Cause: JSON.stringify({ errorMessage: message }) }, turn },
      }
      return rebindStep(world.ports)({ ...RebindPayloadSchema.parse(payload), owner: `rebinder-${turn}` })
    },
    async output(taskId: string): Promise<Json | undefined> {
      const [record] = await world.ports.steps.findSteps(taskId, ['a'])
      return record?.output && world.ports.values.loadValue(record.output)
    },
  }
}

/** What answers without a service. */
const ALIVE = ['clock', 'ids', 'prices', 'log', 'measure', 'timer', 'models', 'onCall', 'withConsole']

/** The same methods, before and after each of which the worker may die. */
function mortal<P extends object>(port: P, pass: () => Promise<void>): P {
  return Object.fromEntries(
    Object.entries(port).map(([name, method]) => [
      name,
      typeof method !== 'function'
        ? method
        : async (...args: unknown[]) => {
            await pass()
            const answer: unknown = await method(...args)
            await pass()
            return answer
          },
    ]),
  ) as P
}
