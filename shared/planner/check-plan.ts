import { type Issue, issue } from '../domain/issue.ts'
import { isJsonObject, type JsonObject } from '../domain/json.ts'
import { suggestNames } from '../domain/nearest-names.ts'
import { TURN_CAPABILITY } from '../workflow/conversation.ts'
import { parseStructure } from '../workflow/parse-structure.ts'
import { conversationAround, everyStep, pathOfChoice, pathOfPlace } from '../workflow/places.ts'
import { isAgentStep, type Step, type Steps, type Workflow } from '../workflow/schema.ts'
import { capabilitiesOf } from '../workflow/step-capability.ts'
import { workflowCalledBy, workflowComputedBy } from '../workflow/step-kinds.ts'
import { capabilityOfStep } from '../workflow/step-needs.ts'
import { workflowNamed } from '../workflow/types/catalogue.ts'
import { validateWorkflow } from '../workflow/validate-workflow.ts'
import type { PlannerCatalogue } from './planner-catalogue.ts'

/** The workflow of a draft, or every issue: those of the language, and what is not in the catalogue. */
export type Checked = { workflow: Workflow; issues: readonly [] } | { workflow?: undefined; issues: Issue[] }

export function checkPlan(draft: JsonObject, catalogue: PlannerCatalogue, mostSteps: number): Checked {
  const top = isJsonObject(draft.steps) ? Object.keys(draft.steps).length : 0
  // The issues of thousands of steps take seconds to find, and none of them would be told.
  if (top > FAR_MORE * mostSteps) return { issues: [tooMany(top, mostSteps)] }
  const { workflow, issues } = validateWorkflow(draft, { catalogue })
  const steps = workflow?.steps ?? parseStructure(draft).draft?.steps ?? {}
  const all = everyStep(steps)
  const unknown = all
    .filter(({ place, step }) => !isTurn(steps, place, step))
    .flatMap(({ place, step }) =>
      issuesOfNames(step, pathOfPlace(steps, place), catalogue, (at) => pathOfChoice(steps, place, at)),
    )
  const many = all.length > mostSteps ? [tooMany(all.length, mostSteps)] : []
  const every = [...issues, ...unknown, ...many]
  return workflow && every.length === 0 ? { workflow, issues: [] } : { issues: every }
}

const FAR_MORE = 10

const tooMany = (count: number, most: number): Issue =>
  issue(
    'too-many-steps',
    'steps',
    `the plan has ${count} steps; the most is ${most}: reach the goal with fewer`,
  )

/** The turns of a conversation, which no plan calls by itself, are served wherever one may run. */
const isTurn = (steps: Steps, place: string, step: Step): boolean =>
  capabilityOfStep(step) === TURN_CAPABILITY && conversationAround(steps, place) !== undefined

/** Names of capabilities, agents and workflows that are not in the catalogue, on which validation is silent. */
function issuesOfNames(
  step: Step,
  path: string,
  catalogue: PlannerCatalogue,
  pathOfOne: (at: number) => string,
): Issue[] {
  if (workflowComputedBy(step) !== undefined) {
    const message = 'a plan names the workflows that it calls; none may be computed'
    return [issue('unknown-workflow', `${path}.workflow`, message)]
  }
  const called = workflowCalledBy(step)
  if (called !== undefined && !workflowNamed(catalogue, called)) {
    const known = catalogue.workflows.map(({ name }) => name)
    return [
      issue(
        'unknown-workflow',
        `${path}.workflow`,
        `there is no workflow "${called}"${suggestNames(called, known)}`,
      ),
    ]
  }
  if (!isAgentStep(step)) return []
  const { agent, fallback = [] } = step
  const names = catalogue.capabilities.map(({ name }) => name)
  const ofCapability = (name: string, at: string): Issue[] =>
    catalogue.find(name)
      ? []
      : [
          issue(
            'unknown-capability',
            at,
            `there is no capability "${name}"${suggestNames(name, names)}; use one that does what this step is for, or refuse where there is none`,
          ),
        ]
  const ofAgent =
    agent === undefined || catalogue.hasAgent(agent)
      ? []
      : [
          issue(
            'unknown-agent',
            `${path}.agent`,
            `there is no agent "${agent}"; name the capability, and no agent`,
          ),
        ]
  return [
    ...capabilitiesOf(step).flatMap((name, at) =>
      ofCapability(name, step.oneOf === undefined ? `${path}.capability` : pathOfOne(at)),
    ),
    ...ofAgent,
    ...fallback.flatMap((name, at) =>
      catalogue.hasAgent(name) ? [] : ofCapability(name, `${path}.fallback.${at}`),
    ),
  ]
}
