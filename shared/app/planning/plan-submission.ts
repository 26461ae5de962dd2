import type { SubmitTask } from '../../contracts/requests.ts'
import type { Caller } from '../../domain/caller.ts'
import type { Issue } from '../../domain/issue.ts'
import { termsIn } from '../../domain/task.ts'
import type { Plan, Ports } from '../../ports/index.ts'
import type { PlanningNeeds } from '../agents/agent-knowledge.ts'
import { chooseAgents } from '../choice/choose-agents.ts'
import type { rememberEstimates } from '../estimates/remember-estimates.ts'
import { withUndeclared } from '../limits/most-of-call.ts'
import { madeMachine, sharedMachine } from '../machines/shared-machine.ts'
import { checkFileReferences, parseInput } from './check-input.ts'
import { givenWorkflow } from './given-workflow.ts'
import { makePlan } from './make-plan.ts'
import { leftOf, limitsOf } from './task-request.ts'

export type SubmissionNeeds = PlanningNeeds &
  Pick<Ports, 'collectables' | 'files' | 'machines' | 'ids' | 'prices'>
type Known = Pick<Plan, 'taskId' | 'requestDigest'> & { estimateOf: ReturnType<typeof rememberEstimates> }

/**
 * The plan of a new task, with warnings if the request is lenient. Throws InvalidInputError, NotFoundError,
 * InvalidWorkflowError, NoAgentError. Before all checks have passed, nothing is created except a machine that workflows
 * of one shape share.
 */
export async function planSubmission(
  ports: SubmissionNeeds,
  request: SubmitTask,
  { tenant }: Caller,
  { taskId, requestDigest, estimateOf }: Known,
): Promise<{ plan: Plan; warnings: Issue[] }> {
  const { workflow, registered, warnings } = await givenWorkflow(ports, request)
  const input = parseInput(workflow, request.input)
  await checkFileReferences(ports.files, input, tenant)
  const { suspending, make } = registered
    ? madeMachine(registered)
    : await sharedMachine(ports, workflow, tenant)
  const limits = limitsOf(ports, request)
  const { prefer } = request
  const left = leftOf(ports, limits)
  const chosen = await chooseAgents(ports, workflow, { seed: taskId, tenant, prefer, left, suspending })
  const machine = await make()
  const estimate = await estimateOf({ ...chosen, workflow, input }, tenant)
  const agents = limits.budget ? await ports.agents.listAgents() : []
  const plan = makePlan({
    ...termsIn(request),
    ...limits,
    taskId,
    tenant,
    requestDigest,
    workflow,
    input,
    prefer,
    machine,
    chosen,
    estimate: estimate && withUndeclared(estimate, chosen.bindings, agents, limits.budget),
  })
  return { plan, warnings }
}
