import type { DefinedAgent } from '../shared/agent/index.ts'
import { registerWorkflow } from '../shared/app/catalogue/register-workflow.ts'
import { approveStep } from '../shared/app/tasks/approve-step.ts'
import { cancelTask } from '../shared/app/tasks/cancel-task.ts'
import { reconcileTasks } from '../shared/app/tasks/reconcile-tasks.ts'
import { submitTask } from '../shared/app/tasks/submit-task.ts'
import { type SubmitTask, SubmitTaskSchema } from '../shared/contracts/requests.ts'
import { isOrchestratorError, OrchestratorError } from '../shared/domain/errors.ts'
import type { DomainEvent } from '../shared/domain/event.ts'
import { placeOf } from '../shared/domain/instance-path.ts'
import { describeIssues } from '../shared/domain/issue.ts'
import { issuesOfZod } from '../shared/domain/issues-of-zod.ts'
import type { Json } from '../shared/domain/json.ts'
import { ownOf } from '../shared/domain/own.ts'
import { isOpenTask } from '../shared/domain/task.ts'
import { DEFAULT_CHOICES, type Workflow } from '../shared/workflow/schema.ts'
import { validateWorkflow } from '../shared/workflow/validate-workflow.ts'
import { CALLER } from './caller.ts'
import { castOf, type GivenAgents, requireServed } from './cast.ts'
import type { GivenFiles } from './memory/files.ts'
import { type StepOf, type VirtualCloud, virtualCloud } from './virtual-cloud.ts'
import { type AgentCall, type WorkflowRun, workflowRunOf } from './workflow-run.ts'

/** A person's answer to an approval. */
export type ScriptedApproval = {
  /** The first choice of the step, or its second; `decision` says another. */
  approved?: boolean
  decision?: string
  /** Who answers; the first of the step's approvers where it is not said. */
  by?: string
  comment?: string
  /** Virtual seconds after the question; at once where it is not said. */
  afterSeconds?: number
}

/** A workflow as its YAML or JSON text, or as a value. */
export type GivenWorkflow = string | object

export type WorkflowTest = Partial<
  Pick<
    SubmitTask,
    | 'input'
    | 'metadata'
    | 'budgetUsd'
    | 'budgetTokens'
    | 'deadline'
    | 'deadlineSeconds'
    | 'prefer'
    | 'priority'
  >
> & {
  agents: GivenAgents
  /** Workflows that steps with `workflow` call. */
  workflows?: readonly GivenWorkflow[]
  /** By path (`improve[2].sign_off`), by place (`improve.sign_off`), or by a function; what has no answer times out. */
  approvals?:
    | Readonly<Record<string, ScriptedApproval>>
    | ((path: string, prompt: string) => ScriptedApproval | undefined)
  /** Uploaded files by key: `{'files/notes.md': '...'}`; inputs name them as `{$file: 'files/notes.md'}`. */
  files?: GivenFiles
  /** When the task is submitted: the first of January 2026 where it is not said. */
  now?: Date | string
  /** Another seed draws other ids and another jitter; the same one gives the same run. */
  seed?: string
  /** Cancels the task. */
  cancel?: { afterSeconds: number; reason?: string }
}

const NEW_YEAR = '2026-01-01T00:00:00.000Z'
const SWEEP_SECONDS = 60
const MOST_LOOKS = 1_000

/**
 * Runs a workflow from its submission to its end, in virtual time: compiled, on the local Step Functions engine, with the functions'
 * own code. Rejects where the task would have been refused: InvalidWorkflowError with the place of each issue, InvalidInputError,
 * NoAgentError; and with an Error for a capability that no agent of the test offers.
 */
export async function testWorkflow(workflow: GivenWorkflow, test: WorkflowTest): Promise<WorkflowRun> {
  const {
    agents,
    workflows = [],
    approvals = {},
    files,
    now = NEW_YEAR,
    seed = 'test',
    cancel,
    ...asked
  } = test
  const main = parse(workflow, 'the workflow')
  const children = workflows.map((given, at) => parse(given, `workflows[${at}]`))
  const request = parseRequest({ ...asked, workflow: main.name })
  const over = new AbortController()
  const broken = Promise.withResolvers<never>()
  const recorded = { calls: [] as AgentCall[], events: [] as DomainEvent[], begun: [] as StepOf[] }
  const started = Date.parse(new Date(now).toISOString())

  const cloud = await virtualCloud({
    now: new Date(started),
    seed,
    ...(files ? { files } : {}),
    castOf(clock) {
      const cast = castOf(agents, (seconds, signal) => clock.sleep(seconds * 1_000, signal))
      requireServed([main, ...children], cast)
      return {
        ...cast,
        agents: cast.agents.map((agent) => recording(agent, recorded.calls, () => secondsNow())),
      }
    },
    onEvent(event) {
      recorded.events.push(event)
      if (event.type === 'approval.requested') answer(event).catch(broken.reject)
    },
    onBegin: (own) => recorded.begun.push(own),
    onBroken: broken.reject,
  })
  const { ports, clock, engine } = cloud
  const secondsNow = (): number => (clock.now() - started) / 1_000

  /** Lets virtual seconds pass; false when the test is over by then. */
  async function after(seconds: number): Promise<boolean> {
    await clock.sleep(seconds * 1_000, over.signal).catch(() => {})
    return !over.signal.aborted
  }

  async function answer({ subject, data }: DomainEvent): Promise<void> {
    const {
      path,
      prompt,
      choices = DEFAULT_CHOICES,
      approvers = ['tester'],
    } = data as {
      path: string
      prompt: string
      choices?: string[]
      approvers?: string[]
    }
    const given =
      typeof approvals === 'function'
        ? approvals(path, prompt)
        : (ownOf(approvals, path) ?? ownOf(approvals, placeOf(path)))
    if (!given) return
    const {
      approved = true,
      decision = choices[approved ? 0 : 1] ?? '',
      by = approvers[0] ?? '',
      comment,
    } = given
    if (!(await after(given.afterSeconds ?? 0))) return
    const answering = {
      id: subject,
      stepId: path,
      decision,
      by,
      ...(comment ? { comment } : {}),
    }
    // An answer that comes too late is refused, as it would be.
    await approveStep(ports)(answering, CALLER).catch(unless('ConflictError'))
  }

  async function cancelLater(taskId: string): Promise<void> {
    if (!cancel || !(await after(cancel.afterSeconds))) return
    const { reason = 'cancelled by the test' } = cancel
    await cancelTask(ports)({ id: taskId, reason }, CALLER).catch(unless('ConflictError'))
  }

  /** As the reconciler does every minute; nothing else ends what waits past its deadline. */
  async function sweepFrom(deadline: string): Promise<void> {
    let seconds = Math.ceil((Date.parse(deadline) - started) / 1_000 / SWEEP_SECONDS) * SWEEP_SECONDS
    for (; await after(seconds); seconds = SWEEP_SECONDS) await reconcileTasks(ports)()
  }

  const run = async (): Promise<WorkflowRun> => {
    await registerAll(cloud, [...children, main])
    const { taskId, deadline, execution } = await submitTask(ports)(request, CALLER)
    cancelLater(taskId).catch(broken.reject)
    if (deadline !== undefined) sweepFrom(deadline).catch(broken.reject)
    await engine.untilEnded(execution.arn)
    await untilFinished(cloud, taskId)
    const order = recorded.begun.filter((own) => own.taskId === taskId).map(({ path }) => path)
    return workflowRunOf(cloud, taskId, { ...recorded, order: [...new Set(order)] })
  }
  try {
    return await Promise.race([run(), broken.promise])
  } finally {
    broken.promise.catch(() => {})
    over.abort()
    engine.stop()
  }
}

const unless =
  (...names: Parameters<typeof isOrchestratorError>[1][]) =>
  (error: unknown): void => {
    if (!isOrchestratorError(error, ...names)) throw error
  }

/** Throws InvalidWorkflowError; of a text each issue says its line and column. */
function parse(given: GivenWorkflow, what: string): Workflow {
  const { workflow, issues } = validateWorkflow(given)
  if (workflow) return workflow
  throw new OrchestratorError('InvalidWorkflowError', `${what}: ${describeIssues(issues)}`, { issues })
}

/** Throws InvalidInputError. */
function parseRequest(asked: object): SubmitTask {
  const parsed = SubmitTaskSchema.safeParse(asked)
  if (parsed.success) return parsed.data
  const issues = issuesOfZod(parsed.error, { schema: SubmitTaskSchema, value: asked })
  throw new OrchestratorError('InvalidInputError', describeIssues(issues), { issues })
}

/** One that calls another comes after it, in whichever order they were given. */
async function registerAll({ ports }: VirtualCloud, workflows: readonly Workflow[]): Promise<void> {
  const register = registerWorkflow(ports)
  let left = workflows
  while (left.length > 0) {
    const refused: { workflow: Workflow; error: unknown }[] = []
    for (const workflow of left) {
      await register({ name: workflow.name, workflow }, CALLER).catch((error: unknown) => {
        refused.push({ workflow, error })
      })
    }
    if (refused.length === left.length) throw refused[0]?.error
    left = refused.map(({ workflow }) => workflow)
  }
}

/** The execution's end is told to the function that ends the task: that one may still be at work. */
async function untilFinished({ ports }: VirtualCloud, taskId: string): Promise<void> {
  for (let look = 0; look < MOST_LOOKS; look++) {
    const task = await ports.tasks.findTask(taskId)
    if (task && !isOpenTask(task)) return
    await new Promise((resolve) => setImmediate(resolve))
  }
  throw new Error(`task ${taskId} has not ended although its execution has`)
}

/** An agent whose calls are noted. */
function recording(agent: DefinedAgent, calls: AgentCall[], secondsNow: () => number): DefinedAgent {
  const agentId = agent.manifest.id
  return {
    ...agent,
    execute({ capability, input }, context) {
      const { attempt, step } = context
      const call = {
        agentId,
        capability,
        path: step.path,
        attempt,
        input: input as Json,
        atSeconds: secondsNow(),
      }
      calls.push(structuredClone(call))
      return agent.execute({ capability, input }, context)
    },
  }
}
