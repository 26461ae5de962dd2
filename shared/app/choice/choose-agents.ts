import type { Agent } from '../../domain/agent.ts'
import { OrchestratorError } from '../../domain/errors.ts'
import { pathIn } from '../../domain/instance-path.ts'
import { describeIssues, type Issue, issue } from '../../domain/issue.ts'
import { boundedDecision, type Decision } from '../../domain/plan.ts'
import { type Prefer, preferring } from '../../domain/prefer.ts'
import { bindWorkflow, type ChooseFor, type Kept } from '../../planner/bind-workflow.ts'
import { unknownModels } from '../../planner/unknown-models.ts'
import type { Loads, Plan } from '../../ports/index.ts'
import { chooseAgent, type SelectionRequest } from '../../selector/choose-agent.ts'
import { TURN_OF_CONVERSATION } from '../../workflow/conversation.ts'
import { placedIn } from '../../workflow/issue-places.ts'
import { everyStep, pathOfPlace } from '../../workflow/places.ts'
import { type AgentStep, isAgentStep, type Workflow } from '../../workflow/schema.ts'
import { type KnowledgeNeeds, knowledgeOf, type PlanningNeeds } from '../agents/agent-knowledge.ts'
import { capabilityWanted } from '../agents/capability-asked.ts'
import { type ConstantInputs, checkConstantInputs } from './constant-inputs.ts'
import { versionsOfChildren } from './versions-of-children.ts'

export type Chosen = Pick<Plan, 'bindings' | 'decisions' | 'children'>

/** What the choice of agents depends on beside the workflow. */
export type ChoiceWishes = {
  /** The same seed gives the same choices. */
  seed: string
  tenant?: string
  /** The default for steps without preferences. */
  prefer?: Prefer | undefined
  left?: SelectionRequest['left']
  kept?: Kept
  /** By place: the only agent to bind. */
  named?: ReadonlyMap<string, string>
  /** Places of the steps that have the states of a suspension; without it all may have them. */
  suspending?: readonly string[] | undefined
}

/**
 * Binds an agent to each step. Throws InvalidWorkflowError or NoAgentError with every issue, also for an input that no agent could accept, and
 * for a model that the stage does not have.
 */
export async function chooseAgents(
  ports: PlanningNeeds,
  workflow: Workflow,
  wishes: ChoiceWishes,
): Promise<Chosen> {
  const { agents, workflows } = ports
  refuse('InvalidWorkflowError', placedIn(workflow, issuesOfModels(ports, workflow, wishes.kept)))
  const children = await versionsOfChildren(workflows, workflow)
  let bound = await bind(ports, workflow, wishes, await agents.listAgents())
  // A missing agent may have been registered just now, so the list is read again without a cache.
  if (bound.issues.length > 0 || bound.unfit.length > 0)
    bound = await bind(ports, workflow, wishes, await agents.listAgents({ fresh: true }))
  refuse('InvalidWorkflowError', placedIn(workflow, bound.unfit))
  refuse('NoAgentError', placedIn(workflow, bound.issues))
  return {
    bindings: bound.bindings,
    decisions: bound.decisions.map(boundedDecision),
    ...(Object.keys(children).length > 0 ? { children } : {}),
  }
}

/** What is done already needs no model any more. */
function issuesOfModels(
  { stageModels }: Pick<PlanningNeeds, 'stageModels'>,
  { steps }: Workflow,
  kept: Kept | undefined,
): Issue[] {
  if (stageModels === undefined) return []
  const isKept = (place: string): boolean =>
    [place, pathIn(place, TURN_OF_CONVERSATION)].some((one) => Object.hasOwn(kept?.bindings ?? {}, one))
  return unknownModels(steps, Object.keys(stageModels)).flatMap(({ place, field, message }) =>
    isKept(place) ? [] : [issue('unknown-model', `${pathOfPlace(steps, place)}.${field}`, message)],
  )
}

function refuse(name: 'InvalidWorkflowError' | 'NoAgentError', issues: readonly Issue[]): void {
  if (issues.length > 0) throw new OrchestratorError(name, describeIssues(issues), { issues })
}

async function bind(
  ports: KnowledgeNeeds,
  workflow: Workflow,
  { seed, prefer, kept, named, suspending, ...wishes }: ChoiceWishes,
  agents: readonly Agent[],
) {
  const wantedAt = (place: string, { capability, agent }: AgentStep) => {
    return { capability, pinned: named?.get(place) ?? agent }
  }
  const wanted = everyStep(workflow.steps).flatMap(({ place, step }) =>
    isAgentStep(step) && step.bind !== 'late' ? (capabilityWanted(wantedAt(place, step), agents) ?? []) : [],
  )
  const knowledge = await knowledgeOf(ports, agents, wanted, wishes.left)
  const isKept = (place: string): boolean => kept !== undefined && Object.hasOwn(kept.bindings, place)
  const constants = checkConstantInputs(workflow, agents, {
    isOpen: (place) => !isKept(place),
    pinnedAt: (place, step) => wantedAt(place, step).pinned,
  })
  const choose: ChooseFor = (stepId, step) => {
    const asked = wantedAt(stepId, step)
    const selection = chooseAgent({
      ...excludedAt(constants, stepId),
      ...wishes,
      ...asked,
      stepId,
      maySuspend: suspending?.includes(stepId) ?? true,
      agents,
      knowledge: knowledge(capabilityWanted(asked, agents)),
      seed: `${seed} ${stepId}`,
      prefer: preferring(prefer, step.prefer),
    })
    return selection.agent ? selection : { ...selection, pinned: asked.pinned }
  }
  return { ...bindWorkflow(workflow, agents.filter(isThere), choose, kept), unfit: constants.issues }
}

const isThere = ({ status }: Agent): boolean => status !== 'inactive'

function excludedAt({ unfit }: ConstantInputs, place: string): Pick<SelectionRequest, 'excluded'> {
  const excluded = unfit.get(place)
  return excluded ? { excluded } : {}
}

/** Records the load of steps that had a choice: for other steps load does not matter. */
export async function recordLoad(loads: Loads, decisions: readonly Decision[]): Promise<void> {
  const steps = new Map<string, number>()
  for (const { chosen, candidates } of decisions) {
    if (candidates.filter(({ eligible }) => eligible).length < 2) continue
    steps.set(chosen, (steps.get(chosen) ?? 0) + 1)
  }
  if (steps.size > 0) await loads.addLoad(steps)
}
