import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { plannerAgent } from '../../../functions/agents/planner/planner-agent.ts'
import type { ModelCall } from '../../../shared/agent/agent-model.ts'
import type { AgentModel, DefinedAgent } from '../../../shared/agent/index.ts'
import { registerWorkflow } from '../../../shared/app/catalogue/register-workflow.ts'
import { approveStep } from '../../../shared/app/tasks/approve-step.ts'
import { cancelTask } from '../../../shared/app/tasks/cancel-task.ts'
import { submitTask } from '../../../shared/app/tasks/submit-task.ts'
import { SubmitTaskSchema } from '../../../shared/contracts/requests.ts'
import type { DomainEvent } from '../../../shared/domain/event.ts'
import type { Json } from '../../../shared/domain/json.ts'
import type { ModelPrice } from '../../../shared/domain/price-table.ts'
import { isOpenTask, type Task } from '../../../shared/domain/task.ts'
import { validateWorkflow } from '../../../shared/workflow/validate-workflow.ts'
import { castOf } from '../../../testing/cast.ts'
import type { GivenAgents, GivenFiles } from '../../../testing/index.ts'
import { virtualCloud } from '../../../testing/virtual-cloud.ts'
import { CALLER } from '../stores/callers.ts'

const ROOT = join(import.meta.dirname, '../../..')
const MOST_LOOKS = 20_000

/** What a scripted model answers to its nth call, from 1: a text, a value as JSON, an error that is thrown, or what a function of the call makes. */
export type Said = object | string | Error | ((call: ModelCall, nth: number) => Promise<object | string>)

type World = {
  agents?: GivenAgents
  /** Tags by capability. */
  effects?: readonly string[]
  /** Absent: the stage configures no model. The last answer is given again. */
  says?: readonly Said[]
  /** The context of the scripted model; large by default. */
  contextTokens?: number
  /** The price of the scripted model for a million tokens; `unknown` for none. */
  price?: ModelPrice | 'unknown'
  workflows?: readonly object[]
  files?: GivenFiles
  /** By place of the approval. */
  answers?: Readonly<Record<string, string>>
}

/** A deployment in memory, in virtual time, with the planner and the workflows of goals. */
export async function goalWorld({
  agents = {},
  effects = [],
  says,
  contextTokens = 200_000,
  price = { input: 1, output: 4 },
  workflows = [],
  answers = {},
  files = {},
}: World) {
  const calls: ModelCall[] = []
  const asked: { path: string; prompt: string }[] = []
  const statuses: string[] = []
  const broken = Promise.withResolvers<never>()
  broken.promise.catch(() => {})
  const model = says && scripted(says, calls)
  const cloud = await virtualCloud({
    now: new Date('2026-01-01T00:00:00Z'),
    seed: 'goals',
    files,
    castOf(clock) {
      const sleep = (seconds: number, signal: AbortSignal) => clock.sleep(seconds * 1_000, signal)
      const cast = castOf(agents, { sleep, onMistake: broken.reject })
      const planner = withModel(
        plannerAgent(() => ({
          ...cloud.ports,
          settingsOf: () => ({ id: 'scripted', ...(price === 'unknown' ? {} : { price }), contextTokens }),
        })),
        model,
      )
      const tagged = cast.agents.map((agent) => withTags(agent, effects))
      return { ...cast, agents: [...tagged, planner] }
    },
    onEvent(event) {
      if (event.type === 'approval.requested') answer(event).catch(broken.reject)
    },
    onBegin: () => {},
    onCall: () => {},
    onBroken: broken.reject,
  })
  const { ports, engine } = cloud
  for (const name of ['goal', 'plan_goal'])
    await register(readFileSync(join(ROOT, 'workflows', `${name}.yaml`), 'utf8'))
  for (const workflow of workflows) await register(workflow)

  async function register(given: object | string): Promise<void> {
    const { workflow, issues } = validateWorkflow(given)
    if (!workflow) throw new Error(JSON.stringify(issues))
    await registerWorkflow(ports)({ name: workflow.name, workflow, lenient: false }, CALLER)
  }

  async function answer(event: DomainEvent): Promise<void> {
    if (event.type !== 'approval.requested') return
    const { path, prompt } = event.data as { path: string; prompt: string }
    const id = event.subject
    asked.push({ path, prompt })
    const task = await ports.tasks.findTask(id)
    statuses.push(task?.status ?? '')
    const decision = answers[path]
    if (decision === undefined) return
    await approveStep(ports)({ id, stepId: path, decision, by: 'ada' }, CALLER)
  }

  const submit = (request: object) => submitTask(ports)(SubmitTaskSchema.parse(request), CALLER)

  async function ended(taskId: string): Promise<Task> {
    for (let look = 0; look < MOST_LOOKS; look++) {
      const task = await ports.tasks.findTask(taskId)
      if (task && !isOpenTask(task)) return task
      await Promise.race([new Promise((resolve) => setImmediate(resolve)), broken.promise])
    }
    throw new Error(`task ${taskId} has not ended`)
  }

  return {
    ports,
    calls,
    asked,
    statuses,
    submit,
    ended,
    cancel: (id: string) => cancelTask(ports)({ id, reason: 'enough' }, CALLER),
    stop: () => engine.stop(),
    /** Submits a goal, and returns the ended task with its result and its steps' records. */
    async run(request: object) {
      const { taskId, status } = await submit(request)
      const task = await ended(taskId)
      const steps = await ports.steps.listSteps(taskId)
      const byPath = Object.fromEntries(steps.map((step) => [step.path, step]))
      const result: Json | undefined =
        task.status === 'succeeded' ? await ports.values.loadValue(task.result) : undefined
      const { output } = byPath.plan ?? {}
      const plan = output && ((await ports.values.loadValue(output)) as { [key: string]: Json })
      return { first: status, task, result, steps: byPath, plan }
    },
  }
}

function scripted(says: readonly Said[], calls: ModelCall[]): AgentModel {
  const generate: AgentModel['generate'] = async (call) => {
    calls.push(call)
    const said = says[Math.min(calls.length, says.length) - 1] ?? ''
    if (said instanceof Error) throw said
    const value = typeof said === 'function' ? await said(call, calls.length) : said
    const text = typeof value === 'string' ? value : JSON.stringify(value)
    return {
      parts: [{ kind: 'text', text }],
      text,
      finish: 'stop',
      usage: { inputTokens: 1_500, outputTokens: 300 },
      modelId: 'scripted',
    }
  }
  const runTools: AgentModel['runTools'] = () => Promise.reject(new Error('the planner has no tools'))
  return { has: () => true, generate, runTools }
}

const withModel = (agent: DefinedAgent, model: AgentModel | undefined): DefinedAgent =>
  model ? { ...agent, execute: (call, context) => agent.execute(call, { ...context, model }) } : agent

const withTags = (agent: DefinedAgent, effects: readonly string[]): DefinedAgent =>
  agent.manifest.capabilities.some(({ name }) => effects.includes(name))
    ? { ...agent, manifest: { ...agent.manifest, tags: ['effect'] } }
    : agent
