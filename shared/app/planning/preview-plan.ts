import type * as z from 'zod'
import { compileWorkflow } from '../../compiler/index.ts'
import type { MakePlanSchema } from '../../contracts/requests.ts'
import type { PlanView } from '../../contracts/views.ts'
import type { Caller } from '../../domain/caller.ts'
import { pathIn } from '../../domain/instance-path.ts'
import { withoutUndefined } from '../../domain/without-undefined.ts'
import { issuesOfJudges } from '../../planner/issues-of-judges.ts'
import type { Ports } from '../../ports/index.ts'
import { criticalPath, needsOf, topologicalOrder } from '../../workflow/graph.ts'
import { placedIn } from '../../workflow/issue-places.ts'
import { type Step, type Steps, stepKind } from '../../workflow/schema.ts'
import { bodyOf } from '../../workflow/step-kinds.ts'
import { capabilityOfStep, graphOfWorkflow, oneOfStep } from '../../workflow/step-needs.ts'
import { suspendsOf } from '../../workflow/suspends-of.ts'
import type { PlanningNeeds } from '../agents/agent-knowledge.ts'
import { chooseAgents } from '../choice/choose-agents.ts'
import { estimatePlan } from '../estimates/estimate-plan.ts'
import { withUndeclared } from '../limits/most-of-call.ts'
import { givenDecision, withGivenAgent } from '../tenants/given-names.ts'
import { withinTenant } from '../tenants/within-tenant.ts'
import { checkFileReferences, parseInput } from './check-input.ts'
import { givenWorkflow } from './given-workflow.ts'
import { leftOf, limitsOf } from './task-request.ts'

/** Validates and plans without running. An input, when given, is checked as at submission. */
export const previewPlan =
  (all: PlanningNeeds & Pick<Ports, 'files' | 'prices'>) =>
  async (request: z.output<typeof MakePlanSchema>, { tenant }: Caller): Promise<PlanView> => {
    const ports = withinTenant(all, tenant)
    const { workflow, registered, warnings } = await givenWorkflow(ports, request)
    const input = request.input === undefined ? undefined : parseInput(workflow, request.input)
    if (input !== undefined) await checkFileReferences(ports.files, input, tenant)
    const agents = await ports.agents.listAgents()
    const compiled = compileWorkflow(workflow, { suspends: suspendsOf(agents) })
    const suspending = (registered ?? compiled).suspending ?? []
    const { prefer } = request
    const limits = limitsOf(ports, request)
    const left = leftOf(ports, limits)
    const planned = await chooseAgents(ports, workflow, {
      ...{ seed: workflow.name, tenant, prefer, left },
      suspending,
    })
    const { bindings, decisions } = planned
    const estimate = await estimatePlan(ports, { ...planned, workflow, input, seed: workflow.name })
    const graph = graphOfWorkflow(workflow)
    const active = agents.filter(({ status }) => status !== 'inactive')
    const unjudged = issuesOfJudges(workflow, active).map(({ issue }) => issue)
    return {
      workflow: { name: workflow.name, version: workflow.version },
      steps: plannedSteps(workflow.steps),
      criticalPath: criticalPath(graph, () => 1).path,
      estimate: withUndeclared(estimate, bindings, agents, limits.budget),
      bindings: Object.fromEntries(
        Object.entries(bindings).map(([place, binding]) => [place, withGivenAgent(binding)]),
      ),
      decisions: decisions.map(givenDecision),
      gates: compiled.gates,
      counts: { ...compiled.counts, executions: 1 + compiled.parts.length },
      warnings: [...warnings, ...placedIn(workflow, unjudged), ...compiled.warnings],
    }
  }

/** The steps in topological order; the steps of a body follow the step that contains it. */
function plannedSteps(steps: Steps, scope = ''): PlanView['steps'] {
  const graph = graphOfWorkflow({ steps })
  return topologicalOrder(graph).flatMap((id) => {
    const step = steps[id] as Step
    const stepId = pathIn(scope, id)
    const capability = capabilityOfStep(step)
    const needs = [...needsOf(graph, id)].map((need) => pathIn(scope, need))
    const oneOf = oneOfStep(step)
    const planned = withoutUndefined({ stepId, kind: stepKind(step), needs, capability, oneOf })
    const body = bodyOf(step)
    return [planned, ...(body ? plannedSteps(body, stepId) : [])]
  })
}
