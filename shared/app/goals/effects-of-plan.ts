import type { PlannerCatalogue } from '../../planner/planner-catalogue.ts'
import { hasExpressions } from '../../workflow/expressions.ts'
import { everyStep } from '../../workflow/places.ts'
import type { AgentStep, Step, Workflow } from '../../workflow/schema.ts'
import { byKind, workflowCalledBy, workflowComputedBy } from '../../workflow/step-kinds.ts'
import { workflowNamed } from '../../workflow/types/catalogue.ts'

/** Something that a plan changes outside: the place of the step, with that of the child before it, and what is done there. */
export type EffectOfPlan = { place: string; what: string }

/**
 * What a workflow, or a child of it, changes outside: capabilities that an agent with the tag `effect` offers, whichever agent will be bound;
 * events; and children whose workflow is not known yet, or not looked at.
 */
export function effectsOfPlan(workflow: Workflow, catalogue: PlannerCatalogue): EffectOfPlan[] {
  return effectsIn(workflow, catalogue, new Set())
}

function effectsIn(
  { steps }: Workflow,
  catalogue: PlannerCatalogue,
  seen: ReadonlySet<Workflow>,
): EffectOfPlan[] {
  return everyStep(steps).flatMap(({ place, step }) => {
    const own = effectsOfStep(step, catalogue).map((what) => ({ place, what }))
    const called = workflowCalledBy(step)
    const child = called === undefined ? undefined : workflowNamed(catalogue, called)
    // An older version than the one that is listed.
    if (called !== undefined && !child)
      return [...own, { place, what: `runs workflow ${called}, of which is not known what it does` }]
    if (!child || seen.has(child)) return own
    const inside = effectsIn(child, catalogue, new Set([...seen, child]))
    return [...own, ...inside.map((one) => ({ ...one, place: `${place} > ${one.place}` }))]
  })
}

function effectsOfStep(step: Step, catalogue: PlannerCatalogue): string[] {
  const none = (): string[] => []
  return byKind<string[]>(step, {
    agent: (one) => effectsOfAgent(one, catalogue),
    emit: ({ emit }) => [`publishes the event ${emit.type}`],
    workflow: (one) =>
      workflowComputedBy(one) === undefined ? [] : ['runs a workflow that is not known yet'],
    // The steps of bodies are looked at by themselves.
    repeat: none,
    steps: none,
    approval: none,
    wait: none,
  })
}

function effectsOfAgent(
  { capability, agent, fallback = [] }: AgentStep,
  catalogue: PlannerCatalogue,
): string[] {
  if (capability !== undefined && hasExpressions(capability))
    return ['calls a capability that is not known yet']
  const names = [...(capability === undefined ? [] : [capability]), ...fallback]
  const agents = [...(agent === undefined ? [] : [agent]), ...fallback]
  const ofCapabilities = names.filter((name) => catalogue.find(name)?.hasEffect === true)
  const ofAgents = agents.filter((name) => catalogue.hasEffect(name))
  return [...new Set([...ofCapabilities, ...ofAgents])].map((name) => `calls ${name}`)
}
