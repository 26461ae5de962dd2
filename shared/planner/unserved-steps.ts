import { type Issue, issue } from '../domain/issue.ts'
import type { IssueCode } from '../domain/issue-codes.ts'
import { suggestNames } from '../domain/nearest-names.ts'
import { everyStep, pathOfChoice, pathOfPlace } from '../workflow/places.ts'
import { isAgentStep, type Step, type Workflow } from '../workflow/schema.ts'
import { workflowCalledBy } from '../workflow/step-kinds.ts'
import { capabilityOfStep, oneOfStep } from '../workflow/step-needs.ts'
import { describeUnknownAgent, type Offering, offers, unfitFallbacks } from './issues-of-fallbacks.ts'
import { issuesOfJudges } from './issues-of-judges.ts'
import { unknownModels } from './unknown-models.ts'

/** What is known at one place: a deployment, a project, an API. */
export type Known = {
  agents: readonly (Offering & { version: string })[]
  /** Names of workflows. */
  workflows: readonly string[]
  /** Names of language models; absent where they are not known. */
  models?: readonly string[] | undefined
}
/** A step that nothing known serves. The message leaves out the step; the path of the issue is that in the document. */
export type Unserved = { place: string; issue: Issue }

/**
 * The steps whose child workflow, capability, agent, fallback or model is not among what is known, or does not offer what the step asks for. An
 * agent or workflow may be registered elsewhere or later, so whether that is an error is the caller's to decide.
 */
export function unservedSteps({ steps }: Pick<Workflow, 'steps'>, known: Known): Unserved[] {
  const unserved = everyStep(steps).flatMap(({ place, step }) =>
    missingOf(step, known).map(({ field, choice, code, message }) => {
      const path =
        choice === undefined ? `${pathOfPlace(steps, place)}.${field}` : pathOfChoice(steps, place, choice)
      return { place, issue: issue(code, path, message) }
    }),
  )
  const ofModels = known.models === undefined ? [] : unknownModels(steps, known.models)
  return [
    ...unserved,
    ...issuesOfJudges({ steps }, known.agents),
    ...ofModels.map(({ place, field, message }) => {
      return { place, issue: issue('unknown-model', `${pathOfPlace(steps, place)}.${field}`, message) }
    }),
  ]
}

/** `choice`: which of the capabilities that the step may come to call. */
type Missing = { field: string; choice?: number; code: IssueCode; message: string }

function missingOf(step: Step, { agents, workflows }: Known): Missing[] {
  const called = workflowCalledBy(step)?.split('@')[0]
  if (called !== undefined && !workflows.includes(called)) {
    const message = `no workflow here is called "${called}"${suggestNames(called, workflows)}`
    return [{ field: 'workflow', code: 'unknown-workflow', message }]
  }
  const capability = capabilityOfStep(step)
  const capabilities = [...new Set(agents.flatMap((one) => one.capabilities.map(({ name }) => name)))]
  if (capability !== undefined && !capabilities.includes(capability)) {
    const message = `no agent here offers "${capability}"${suggestNames(capability, capabilities)}`
    return [{ field: 'capability', code: 'unknown-capability', message }]
  }
  if (!isAgentStep(step)) return []
  const ofChoice = (oneOfStep(step) ?? []).flatMap((name, at): Missing[] => {
    if (capabilities.includes(name)) return missingAgent(step.agent, name, agents)
    const message = `no agent here offers "${name}"${suggestNames(name, capabilities)}`
    return [{ field: 'oneOf', choice: at, code: 'unknown-capability', message }]
  })
  if (ofChoice.length > 0) return ofChoice
  const ofFallbacks = unfitFallbacks(step, agents).map(({ at, name, code, why }) => {
    return { field: `fallback[${at}]`, code, message: `fallback "${name}": ${why}` }
  })
  return [...missingAgent(step.agent, capability, agents), ...ofFallbacks]
}

/** A step may pin an agent as `id`, `id@1.2.3`, or with the beginning of a version: `id@1`. */
function missingAgent(
  pinned: string | undefined,
  capability: string | undefined,
  agents: Known['agents'],
): Missing[] {
  if (pinned === undefined) return []
  const [id = '', version] = pinned.split('@')
  const agent = agents.find((one) => one.id === id)
  const able = agents
    .filter((one) => capability === undefined || offers(one, capability))
    .map((one) => one.id)
  if (!agent) return [{ field: 'agent', code: 'unknown-agent', message: describeUnknownAgent(id, able) }]
  if (capability !== undefined && !offers(agent, capability)) {
    const message = `agent "${id}" does not offer ${capability}${suggestNames(id, able)}`
    return [{ field: 'agent', code: 'no-agent', message }]
  }
  if (version === undefined || agent.version === version || agent.version.startsWith(`${version}.`)) return []
  const message = `the step pins ${pinned}, and agent "${id}" is at version ${agent.version}`
  return [{ field: 'agent', code: 'no-agent', message }]
}
