import { parsePath } from '../../domain/instance-path.ts'
import { isJsonObject } from '../../domain/json.ts'
import type { PlannerCatalogue } from '../../planner/planner-catalogue.ts'
import { everyStep } from '../../workflow/places.ts'
import { type AgentStep, isAgentStep, type Step, type Workflow } from '../../workflow/schema.ts'
import { capabilitiesOf, capabilityComputedBy } from '../../workflow/step-capability.ts'
import { byKind, workflowCalledBy, workflowComputedBy } from '../../workflow/step-kinds.ts'
import { handledBy, needsOfStep } from '../../workflow/step-needs.ts'
import { workflowNamed } from '../../workflow/types/catalogue.ts'
import { type Given, isWhollyGiven } from './given-values.ts'

/**
 * Something that a plan changes outside, or only tells there (`tells`): the place of the step, with that of the child before it, and what is done there.
 */
export type EffectOfPlan = { place: string; what: string; tells?: true }

/**
 * What a workflow, or a child of it, changes outside, or tells there: capabilities that an agent with the tag `effect` offers, whichever agent will be bound; `outbound`
 * ones, unless they run in any case and get only what the user has given; events; and children whose workflow is not known yet, or not looked at.
 */
export function effectsOfPlan(workflow: Workflow, catalogue: PlannerCatalogue, given: Given): EffectOfPlan[] {
  return effectsIn(workflow, { catalogue, given }, new Set())
}

/** `given` is absent where nothing counts as given: for a child, whose input the plan makes, and for a step that the plan may leave out or repeat. */
type Known = { catalogue: PlannerCatalogue; given?: Given }

function effectsIn({ steps }: Workflow, known: Known, seen: ReadonlySet<Workflow>): EffectOfPlan[] {
  const { catalogue } = known
  return everyStep(steps).flatMap(({ place, step }) => {
    const own: EffectOfPlan[] = [
      ...effectsOfStep(step, known).map((what) => ({ place, what })),
      ...toldByStep(step, runsInAnyCase({ steps }, place, step) ? known : { catalogue }).map((what) => ({
        place,
        what,
        tells: true as const,
      })),
    ]
    const called = workflowCalledBy(step)
    const child = called === undefined ? undefined : workflowNamed(catalogue, called)
    // An older version than the one that is listed.
    if (called !== undefined && !child)
      return [...own, { place, what: `runs workflow ${called}, of which is not known what it does` }]
    if (!child || seen.has(child)) return own
    const inside = effectsIn(child, { catalogue }, new Set([...seen, child]))
    return [...own, ...inside.map((one) => ({ ...one, place: `${place} > ${one.place}` }))]
  })
}

function effectsOfStep(step: Step, { catalogue }: Known): string[] {
  const none = (): string[] => []
  return byKind<string[]>(step, {
    agent: (one) => effectsOfAgent(one, catalogue),
    emit: ({ emit }) => [`publishes the event ${emit.type}`],
    workflow: (one) =>
      workflowComputedBy(one) === undefined ? [] : ['runs a workflow that is not known yet'],
    // The steps of bodies are looked at by themselves.
    repeat: none,
    converse: none,
    steps: none,
    approval: none,
    wait: none,
    // Within the task.
    send: none,
  })
}

function effectsOfAgent(step: AgentStep, catalogue: PlannerCatalogue): string[] {
  const { capabilities, agents } = namesIn(step)
  const ofCapabilities = capabilities.filter((name) => catalogue.find(name)?.hasEffect === true)
  const ofAgents = agents.filter((name) => catalogue.hasEffect(name))
  const verb = capabilityComputedBy(step) === undefined ? 'calls' : 'may call'
  return [...new Set([...ofCapabilities, ...ofAgents])].map((name) => `${verb} ${name}`)
}

function toldByStep(step: Step, { catalogue, given }: Known): string[] {
  if (!isAgentStep(step)) return []
  const { properties } = catalogue.find(step.capability ?? '')?.inputSchema ?? {}
  if (given && isWhollyGiven(step, given, isJsonObject(properties) ? Object.keys(properties) : [])) return []
  const { capabilities, agents } = namesIn(step)
  return [...new Set(step.capability === undefined ? agents : capabilities)]
    .filter(catalogue.isOutbound)
    .map((name) => `sends what the plan has put together to a host outside, by ${name}`)
}

/**
 * Whether nothing that happens in the plan decides if, and how often, a step runs, but for its own fields: it stands in no body, handles no failure and waits for no
 * step, which may be skipped or fail. Else the calls themselves can tell what a document has said.
 */
function runsInAnyCase(plan: Pick<Workflow, 'steps'>, place: string, step: Step): boolean {
  const { scope, stepId } = parsePath(place)
  return scope === '' && needsOfStep(step).size === 0 && handledBy(plan, stepId).length === 0
}

/** What a step may call; a fallback is either. */
const namesIn = (step: AgentStep) => {
  const { agent, fallback = [] } = step
  return {
    capabilities: [...capabilitiesOf(step), ...fallback],
    agents: [...(agent === undefined ? [] : [agent]), ...fallback],
  }
}
