/**
 * What the planner's agent does: a goal becomes a workflow that may run, by a model where the stage has one, else by the registered workflow
 * that is clearly meant.
 *
 * Invariants (tests cite them):
 * goals/G1 a plan that is returned was checked, compiled, bound and estimated for the tenant of its task, against what that tenant may use
 * goals/G2 a plan with effects, one that sends outside what its user has not given word by word, one over the stated price, or of a goal that asks for a review,
 *    says that a person must look at it, and shows them what it will do; the model has no say in it
 * goals/G3 planning costs at most its caps, which follow from the budget of the task
 * goals/G4 without a model only a registered workflow that leads clearly is planned, with an input that fits it; everything else is told with
 *    the setting to make
 * goals/G5 a plan that was tried before is planned anew from what it has done, which is read from the task's own child alone
 * goals/G6 where the price of the model is not known, the caps of calls and tokens bound planning, and the plan says so
 * goals/G7 a plan runs its children in the versions that were known when it was looked at: one that is published later may have other effects
 */
import { OrchestratorError } from '../../domain/errors.ts'
import type { Estimate } from '../../domain/estimate.ts'
import type { JsonObject } from '../../domain/json.ts'
import type { ModelPrice } from '../../domain/price-table.ts'
import { type PlanDraft, planFromGoal } from '../../planner/plan-from-goal.ts'
import type { PlannerCatalogue } from '../../planner/planner-catalogue.ts'
import type { Goal } from '../../planner/planner-prompt.ts'
import { plannerPrompt } from '../../planner/planner-prompt.ts'
import { capsWithin, leastContext, PLANNING_CAPS } from '../../planner/planning-caps.ts'
import type { Repair } from '../../planner/repair.ts'
import type { Models } from '../../ports/models.ts'
import { everyStep, withStep } from '../../workflow/places.ts'
import type { Step, Workflow } from '../../workflow/schema.ts'
import { workflowCalledBy } from '../../workflow/step-kinds.ts'
import { workflowNamed } from '../../workflow/types/catalogue.ts'
import { withinTenant } from '../tenants/within-tenant.ts'
import { describePlan } from './describe-plan.ts'
import { effectsOfPlan } from './effects-of-plan.ts'
import { goalAfter } from './goal-after.ts'
import type { GoalAsked, GoalPorts } from './goal-asked.ts'
import { planFromTemplate } from './plan-from-template.ts'
import { catalogueFor, dollars, type Foreseen, foresee, type Planner } from './planning-knowledge.ts'

/** The model that drafts; one whose price is not known is held to the caps of calls and tokens (goals/G6). */
export type PlanningModel = {
  models: Models
  name: string
  price?: ModelPrice | undefined
  contextTokens: number
}

const UNKNOWN: ModelPrice = { input: 0, output: 0 }

/** What was done to come to the answer. */
type Told = {
  plannedBy: string
  promptDigest?: string
  drafts: PlanDraft[]
  calls: number
  tokens: number
  costUsd: number
}
export type GoalPlan = Told &
  (
    | {
        kind: 'planned'
        /** A definition, or the name and version of a registered workflow. */
        workflow: Workflow | string
        /** The input to run it with. */
        input: JsonObject
        assumptions: string[]
        repairs: (Repair & { draft: number })[]
        estimate: Pick<Estimate, 'seconds' | 'usd' | 'tokens' | 'assumptions'>
        review: { due: boolean; reasons: string[]; prompt: string }
      }
    | { kind: 'refused'; reason: string }
  )

/**
 * Plans a goal for a task. Throws PlanningFailedError where no plan comes of it, ConfigError where there is neither a model nor a workflow that
 * is clearly meant, InvalidInputError for a goal that is none, and what the model's port throws.
 */
export const planGoal =
  (all: GoalPorts) =>
  async (
    asked: GoalAsked,
    taskId: string,
    signal: AbortSignal,
    model: PlanningModel | undefined,
  ): Promise<GoalPlan> => {
    const task = await all.tasks.findTask(taskId)
    if (!task) throw new OrchestratorError('BugError', `there is no task ${taskId}`)
    const ports = withinTenant(all, task.tenant)
    const budgetUsd = least(asked.budgetUsd, task.budget?.usd)
    const planner: Planner = { taskId, tenant: task.tenant, budgetUsd }
    const catalogue = await catalogueFor(ports, task.tenant)
    const goal = asked.failed ? await goalAfter(ports, taskId, asked, asked.failed) : asked
    const planning = { asked, goal, planner, catalogue }
    if (!model) return fromTemplate(ports, planning)
    const short = shortContext(model, leastContext(plannerPrompt(goal, catalogue.capabilities)))
    return short ? fromTemplate(ports, planning, short) : fromModel(ports, { ...planning, signal, model })
  }

type Planning = { asked: GoalAsked; goal: Goal; planner: Planner; catalogue: PlannerCatalogue }

/** Why a model cannot read the prompt of a goal; undefined where it can. A model with too small a context is as good as none (goals/G4). */
function shortContext({ name, contextTokens }: PlanningModel, least: number): string | undefined {
  if (least <= contextTokens) return undefined
  return `give \`models.${name}\` a context of ${least} tokens (it has ${contextTokens}), or another model`
}

async function fromModel(
  ports: GoalPorts,
  {
    asked,
    goal,
    planner,
    catalogue,
    signal,
    model,
  }: Planning & { signal: AbortSignal; model: PlanningModel },
): Promise<GoalPlan> {
  const { models, name, price, contextTokens } = model
  const input = goal.input ?? {}
  let foreseen: Foreseen | undefined
  const plan = planFromGoal({
    models,
    model: { name, price: price ?? UNKNOWN, contextTokens },
    issuesOf: async (workflow) => {
      foreseen = await foresee(ports, workflow, input, planner)
      return foreseen.issues
    },
  })
  const planned = await plan(goal, catalogue, capsWithin(planner.budgetUsd), signal)
  const { drafts, calls, tokens, costUsd, modelId = name } = planned
  const prompt = plannerPrompt(goal, catalogue.capabilities)
  const promptDigest = ports.ids.digest(JSON.stringify([prompt.system, prompt.message]))
  const told = { plannedBy: `model:${modelId}`, promptDigest, drafts, calls, tokens, costUsd }
  if (planned.kind === 'refused') return { kind: 'refused', reason: planned.reason, ...told }
  const { repairs } = planned
  const workflow = pinned(planned.workflow, catalogue)
  const assumptions = [...planned.assumptions, ...(price ? [] : [unpriced(modelId)])]
  if (!foreseen?.estimate)
    throw new OrchestratorError('BugError', 'a plan was accepted that was not estimated')
  const { estimate } = foreseen
  const seen = { asked, catalogue, workflow, estimate, assumptions, repairs }
  return {
    kind: 'planned',
    workflow,
    input,
    assumptions,
    repairs,
    ...shown(estimate),
    ...reviewOf(seen),
    ...told,
  }
}

/** The plan with its children in the versions that were looked at (goals/G7). */
function pinned(workflow: Workflow, catalogue: PlannerCatalogue): Workflow {
  const steps = everyStep(workflow.steps).reduce((all, { place, step }) => {
    const called = workflowCalledBy(step)
    const child = called === undefined ? undefined : workflowNamed(catalogue, called)
    return child ? withStep(all, place, { ...step, workflow: `${child.name}@${child.version}` } as Step) : all
  }, workflow.steps)
  return { ...workflow, steps }
}

const unpriced = (modelId: string): string =>
  `the price of the model ${modelId} is not known: planning was held to ${PLANNING_CAPS.calls} calls and ${PLANNING_CAPS.tokens} tokens, not to US dollars, and its cost is told as 0`

async function fromTemplate(ports: GoalPorts, planning: Planning, setting?: string): Promise<GoalPlan> {
  const { asked, goal, planner, catalogue } = planning
  const { workflow, input, assumptions } = planFromTemplate(goal, catalogue.workflows, setting)
  const foreseen = await foresee(ports, workflow, input, planner)
  if (!foreseen.estimate) {
    const [first] = foreseen.issues
    const message = `the goal asks for workflow "${workflow.name}", which cannot run: ${first?.message ?? ''}`
    throw new OrchestratorError('PlanningFailedError', message, { issues: foreseen.issues })
  }
  const { estimate } = foreseen
  const seen = { asked, catalogue, workflow, estimate, assumptions, repairs: [] }
  return {
    kind: 'planned',
    workflow: `${workflow.name}@${workflow.version}`,
    input,
    assumptions,
    repairs: [],
    ...shown(estimate),
    ...reviewOf(seen),
    plannedBy: 'template',
    drafts: [],
    calls: 0,
    tokens: 0,
    costUsd: 0,
  }
}

const shown = ({ seconds, usd, tokens, assumptions }: Estimate) => ({
  estimate: { seconds, usd, tokens, assumptions },
})

/** Whether a person must look at the plan, and what they are shown (goals/G2). */
function reviewOf({
  asked,
  catalogue,
  ...plan
}: {
  asked: GoalAsked
  catalogue: PlannerCatalogue
  workflow: Workflow
  estimate: Estimate
  assumptions: string[]
  repairs: Repair[]
}) {
  const effects = effectsOfPlan(plan.workflow, catalogue, asked)
  const { p90 } = plan.estimate.usd
  const reasons = [
    ...(asked.review ? ['a review was asked for'] : []),
    ...(effects.some(({ tells }) => !tells) ? ['it changes something outside'] : []),
    ...(effects.some(({ tells }) => tells) ? ['it tells something outside'] : []),
    ...(p90 > asked.reviewAboveUsd
      ? [`it may cost ${dollars(p90)} USD, more than ${dollars(asked.reviewAboveUsd)} USD`]
      : []),
  ]
  const due = reasons.length > 0
  const prompt = due ? describePlan({ ...plan, goal: asked.text, effects, reasons }) : ''
  return { review: { due, reasons, prompt } }
}

const least = (...amounts: (number | undefined)[]): number | undefined => {
  const given = amounts.filter((one) => one !== undefined)
  return given.length > 0 ? Math.min(...given) : undefined
}
