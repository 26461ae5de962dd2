import { issuesOfCompiling } from '../../compiler/index.ts'
import { isOrchestratorError } from '../../domain/errors.ts'
import type { Estimate } from '../../domain/estimate.ts'
import { type Issue, issue } from '../../domain/issue.ts'
import type { JsonObject } from '../../domain/json.ts'
import { type PlannerCatalogue, plannerCatalogue } from '../../planner/planner-catalogue.ts'
import type { Ports } from '../../ports/index.ts'
import { TURN_CAPABILITY } from '../../workflow/conversation.ts'
import { everyStep } from '../../workflow/places.ts'
import { isAgentStep, type Workflow } from '../../workflow/schema.ts'
import { capabilitiesOf } from '../../workflow/step-capability.ts'
import { workflowCalledBy, workflowComputedBy } from '../../workflow/step-kinds.ts'
import { suspendsOf } from '../../workflow/suspends-of.ts'
import { workflowNamed } from '../../workflow/types/catalogue.ts'
import type { PlanningNeeds } from '../agents/agent-knowledge.ts'
import { chooseAgents } from '../choice/choose-agents.ts'
import { estimatePlan } from '../estimates/estimate-plan.ts'
import { asGiven } from '../tenants/within-tenant.ts'

/** The capability of the planner itself, which no plan may call. */
export const PLANNING = 'plan.workflow'
/** What is for operators, for the planner itself and for conversations: no goal means it. */
const NOT_PLANNED = [PLANNING, 'model.probe', TURN_CAPABILITY]

/** Whose plan it is, and what it may spend. */
export type Planner = { taskId: string; tenant: string; budgetUsd: number | undefined }

/**
 * The agents and workflows that a tenant's plan may use: agents that get new steps, without the planner, the probe of models and the one of conversations, and workflows that neither plan nor
 * run what is not known before.
 */
export async function catalogueFor(
  { agents, workflows }: Pick<Ports, 'agents' | 'workflows'>,
  tenant: string,
): Promise<PlannerCatalogue> {
  const [allAgents, registered] = await Promise.all([agents.listAgents(), workflows.listWorkflows()])
  const usable = asGiven(allAgents).filter(
    ({ status, tenants, capabilities }) =>
      status === 'active' &&
      (tenants === undefined || tenants.includes(tenant)) &&
      !capabilities.some(({ name }) => NOT_PLANNED.includes(name)),
  )
  const all = registered.map(({ workflow }) => workflow)
  return plannerCatalogue(
    usable,
    all.filter((one) => isKnownBefore(one, all, new Set())),
  )
}

function isKnownBefore(workflow: Workflow, all: readonly Workflow[], seen: ReadonlySet<Workflow>): boolean {
  return everyStep(workflow.steps).every(({ step }) => {
    if (workflowComputedBy(step) !== undefined) return false
    if (isAgentStep(step) && capabilitiesOf(step).includes(PLANNING)) return false
    const called = workflowCalledBy(step)
    const child = called === undefined ? undefined : workflowNamed({ agents: [], workflows: all }, called)
    return !child || seen.has(child) || isKnownBefore(child, all, new Set([...seen, workflow]))
  })
}

/** What is known of a plan beyond its text: either issues, or what it will take. */
export type Foreseen = { issues: readonly Issue[]; estimate?: undefined } | { issues: []; estimate: Estimate }

/**
 * Compiles a workflow, binds its agents and estimates it, as a submission would. A plan that is expected to cost more than the budget has an
 * issue for that.
 */
export async function foresee(
  ports: PlanningNeeds & Pick<Ports, 'prices'>,
  workflow: Workflow,
  input: JsonObject,
  { taskId, tenant, budgetUsd }: Planner,
): Promise<Foreseen> {
  const suspends = suspendsOf(await ports.agents.listAgents())
  const compiling = issuesOfCompiling(workflow, { suspends })
  if (compiling.length > 0) return { issues: compiling }
  try {
    const chosen = await chooseAgents(ports, workflow, { seed: taskId, tenant, left: { usd: budgetUsd } })
    const estimate = await estimatePlan(ports, { ...chosen, workflow, input, seed: workflow.name })
    const { p50 } = estimate.usd
    if (budgetUsd === undefined || p50 <= budgetUsd) return { issues: [], estimate }
    const message = `the plan costs about ${dollars(p50)} USD, and the budget is ${dollars(budgetUsd)} USD; reach the goal with less, or refuse`
    return { issues: [issue('over-budget', 'steps', message)] }
  } catch (error) {
    if (!isOrchestratorError(error, 'InvalidWorkflowError', 'NoAgentError')) throw error
    return { issues: issuesIn(error) }
  }
}

function issuesIn({
  message,
  details,
}: {
  message: string
  details: { issues?: unknown }
}): readonly Issue[] {
  const { issues } = details
  return Array.isArray(issues) && issues.length > 0 ? issues : [issue('no-agent', 'steps', message)]
}

export const dollars = (usd: number): string => String(Number(usd.toPrecision(3)))
