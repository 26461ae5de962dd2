import { submitTask } from '../shared/app/tasks/submit-task.ts'
import { type SubmitTask, SubmitTaskSchema } from '../shared/contracts/requests.ts'
import { OrchestratorError } from '../shared/domain/errors.ts'
import type { DomainEvent } from '../shared/domain/event.ts'
import { describeIssues } from '../shared/domain/issue.ts'
import { issuesOfZod } from '../shared/domain/issues-of-zod.ts'
import { isOpenTask } from '../shared/domain/task.ts'
import { CALLER } from './caller.ts'
import { castOf, requireServed, withConversations } from './cast.ts'
import { secretsOf } from './given-secrets.ts'
import { type GivenWorkflow, parseGiven, registerAll } from './given-workflow.ts'
import { type After, answerApproval, cancelLater, sweepFrom } from './later.ts'
import { requireKnownNames } from './options/names-of-steps.ts'
import { requireWorkflowTest } from './options/workflow-test.ts'
import { type SeenModelCall, scriptedModels } from './scripted-models.ts'
import { type StepOf, type VirtualCloud, virtualCloud } from './virtual-cloud.ts'
import { type AgentCall, type WorkflowRun, workflowRunOf } from './workflow-run.ts'
import type { WorkflowTest } from './workflow-test.ts'

const NEW_YEAR = '2026-01-01T00:00:00.000Z'
const MOST_LOOKS = 1_000

/**
 * Runs a workflow from submission to end in virtual time: compiled, on the local Step Functions engine, with the code of the deployed
 * functions. Rejects when the submission is refused: InvalidWorkflowError with the place of each issue, InvalidInputError, NoAgentError;
 * with an Error for a capability that no agent of the test offers; and with a TypeError that lists what is wrong with the options of the
 * test, such as names of steps that its workflows do not have.
 */
export async function testWorkflow(workflow: GivenWorkflow, test: WorkflowTest): Promise<WorkflowRun> {
  requireWorkflowTest(workflow, test)
  const {
    agents,
    workflows = [],
    approvals = {},
    files,
    models,
    secrets = {},
    now = NEW_YEAR,
    seed = 'test',
    ...rest
  } = test
  const { cancel, ...asked } = rest
  const { lenient = false } = asked
  const main = parseGiven(workflow, 'the workflow', lenient)
  const children = workflows.map((given, at) => parseGiven(given, `workflows[${at}]`, lenient))
  const request = parseRequest({ ...asked, workflow: main.name })
  const over = new AbortController()
  const broken = Promise.withResolvers<never>()
  const recorded = {
    calls: [] as AgentCall[],
    events: [] as DomainEvent[],
    begun: [] as StepOf[],
    modelCalls: [] as SeenModelCall[],
  }
  const cloud: VirtualCloud = await virtualCloud({
    now: new Date(now),
    seed,
    ...(files ? { files } : {}),
    ...(models
      ? { models: (cast) => scriptedModels(models, cast.agents, (call) => recorded.modelCalls.push(call)) }
      : {}),
    secrets: (cast) => secretsOf(secrets, cast.agents),
    castOf(clock) {
      const sleep = (seconds: number, signal: AbortSignal) => clock.sleep(seconds * 1_000, signal)
      const given = castOf(agents, { sleep, onMistake: broken.reject })
      const cast = withConversations([main, ...children], given, () => cloud.ports)
      requireServed([main, ...children], cast)
      requireKnownNames([main, ...children], { agents, approvals })
      return cast
    },
    onEvent(event) {
      recorded.events.push(event)
      if (event.type === 'approval.requested')
        answerApproval(ports, event, approvals, after).catch(broken.reject)
    },
    onBegin: (own) => recorded.begun.push(own),
    onCall: (call, atSeconds) => recorded.calls.push(structuredClone({ ...call, atSeconds })),
    onBroken: broken.reject,
  })
  const { ports, clock, engine } = cloud
  const after: After = async (seconds) => {
    await clock.sleep(seconds * 1_000, over.signal).catch(() => {})
    return !over.signal.aborted
  }

  const run = async (): Promise<WorkflowRun> => {
    await registerAll(ports, [...children, main], lenient)
    const { taskId, deadline, execution } = await submitTask(ports)(request, CALLER)
    if (cancel) cancelLater(ports, taskId, cancel, after).catch(broken.reject)
    if (deadline !== undefined) sweepFrom(ports, deadline, after).catch(broken.reject)
    await engine.untilEnded(execution.arn)
    await untilFinished(cloud, taskId)
    const order = recorded.begun.filter((own) => own.taskId === taskId).map(({ path }) => path)
    return workflowRunOf(cloud, taskId, { ...recorded, order: [...new Set(order)] })
  }
  broken.promise.catch(() => {})
  try {
    return await Promise.race([run(), broken.promise])
  } finally {
    over.abort()
    engine.stop()
  }
}

/** Throws InvalidInputError. */
function parseRequest(asked: object): SubmitTask {
  const parsed = SubmitTaskSchema.safeParse(asked)
  if (parsed.success) return parsed.data
  const issues = issuesOfZod(parsed.error, { schema: SubmitTaskSchema, value: asked })
  throw new OrchestratorError('InvalidInputError', describeIssues(issues), { issues })
}

/** Waits for the function that ends the task, which may still run after the execution has ended. */
async function untilFinished({ ports }: VirtualCloud, taskId: string): Promise<void> {
  for (let look = 0; look < MOST_LOOKS; look++) {
    const task = await ports.tasks.findTask(taskId)
    if (task && !isOpenTask(task)) return
    await new Promise((resolve) => setImmediate(resolve))
  }
  throw new Error(`task ${taskId} has not ended although its execution has`)
}
