import * as z from 'zod'
import type { Agent } from '../../domain/agent.ts'
import { OrchestratorError } from '../../domain/errors.ts'
import { FileReferenceSchema, fileReferencesIn } from '../../domain/file-reference.ts'
import { describeIssues, type Issue, issue } from '../../domain/issue.ts'
import { issuesOfZod } from '../../domain/issues-of-zod.ts'
import type { Json } from '../../domain/json.ts'
import { suggestNames } from '../../domain/nearest-names.ts'
import { mentionsInherited, parseOwn } from '../../domain/parse-own.ts'
import { boundedDecision, type Decision } from '../../domain/plan.ts'
import { type Prefer, preferring } from '../../domain/prefer.ts'
import { bindWorkflow, type ChooseFor, type Kept } from '../../planner/bind-workflow.ts'
import type { FileStore, Plan, RegisteredWorkflow, Registry } from '../../ports/index.ts'
import { chooseAgent, type SelectionRequest } from '../../selector/choose-agent.ts'
import { boundedWork } from '../../workflow/bounded-work.ts'
import { everyStep, pathOfPlace } from '../../workflow/places.ts'
import { type AgentStep, isAgentStep, type Workflow } from '../../workflow/schema.ts'
import { workflowCalledBy } from '../../workflow/step-kinds.ts'
import { type KnowledgeNeeds, knowledgeOf } from '../agents/agent-knowledge.ts'
import { capabilityWanted } from '../agents/capability-asked.ts'
import { type ConstantInputs, checkConstantInputs } from './constant-inputs.ts'

/** The task's input with the schema's defaults. Throws InvalidInputError listing every issue, and as `boundedWork` does. */
export function parseInput(workflow: Workflow, input: Json = {}): Json {
  if (!workflow.input) return input
  const given = workflow.input
  const checked = boundedWork(`the check of the input of workflow "${workflow.name}"`, () => {
    const schema = z.fromJSONSchema(given)
    const parsed = mentionsInherited(given) ? parseOwn(schema, input) : schema.safeParse(input)
    return parsed.success
      ? { value: parsed.data as Json }
      : { issues: issuesOfZod(parsed.error, { schema, value: input, path: 'input' }) }
  })
  if (checked.issues === undefined) return checked.value
  const { issues } = checked
  throw new OrchestratorError(
    'InvalidInputError',
    `the input does not fit workflow "${workflow.name}": ${describeIssues(issues)}`,
    { issues },
  )
}

/** Every file that the input names must be there: better said now than by the first agent. */
export async function checkFileReferences(files: FileStore, input: Json): Promise<void> {
  const found = fileReferencesIn(input, 'input')
  const checked = await Promise.all(
    found.map(({ path, reference }) => issueOfReference(files, path, reference)),
  )
  const issues = checked.filter((one) => one !== undefined)
  if (issues.length === 0) return
  throw new OrchestratorError('InvalidInputError', describeIssues(issues), { issues })
}

async function issueOfReference(
  files: FileStore,
  path: string,
  reference: unknown,
): Promise<Issue | undefined> {
  const parsed = FileReferenceSchema.safeParse(reference)
  if (!parsed.success) {
    const about = { schema: FileReferenceSchema, value: reference, what: 'the reference' }
    const message = describeIssues(issuesOfZod(parsed.error, about))
    return issue('bad-file-reference', path, message)
  }
  const found = await files.list(parsed.data.$file, 1)
  if (found.length > 0) return undefined
  const message = `"${parsed.data.$file}" has not been uploaded; POST /files first, or orchestrator submit --file`
  return issue('file-not-found', path, message)
}

export type Planned = Pick<Plan, 'bindings' | 'decisions' | 'children'>

/** What a choice depends on beside the workflow. */
export type PlanWishes = {
  /** The same seed has the same choices. */
  seed: string
  tenant?: string
  /** Where a step has no wishes of its own. */
  prefer?: Prefer | undefined
  left?: SelectionRequest['left']
  kept?: Kept
  /** By place: who is asked first, and no other. */
  named?: ReadonlyMap<string, string>
}

/** Chooses who runs what. Throws InvalidWorkflowError or NoAgentError with every issue: also for an input that no agent could take. */
export async function planWorkflow(
  ports: KnowledgeNeeds,
  workflow: Workflow,
  wishes: PlanWishes,
): Promise<Planned> {
  const { registry } = ports
  const children = await versionsOfChildren(registry, workflow)
  let bound = await bind(ports, workflow, wishes, await registry.listAgents())
  // Whom it needs may have been registered this very moment.
  if (bound.issues.length > 0 || bound.unfit.length > 0)
    bound = await bind(ports, workflow, wishes, await registry.listAgents({ fresh: true }))
  if (bound.unfit.length > 0) {
    throw new OrchestratorError('InvalidWorkflowError', describeIssues(bound.unfit), { issues: bound.unfit })
  }
  if (bound.issues.length > 0) {
    throw new OrchestratorError('NoAgentError', describeIssues(bound.issues), { issues: bound.issues })
  }
  return {
    bindings: bound.bindings,
    decisions: bound.decisions.map(boundedDecision),
    ...(Object.keys(children).length > 0 ? { children } : {}),
  }
}

async function bind(
  ports: KnowledgeNeeds,
  workflow: Workflow,
  { seed, prefer, kept, named, ...wishes }: PlanWishes,
  agents: readonly Agent[],
) {
  const known = new Set(agents.flatMap((agent) => agent.capabilities.map(({ name }) => name)))
  const wantedAt = (place: string, { capability, agent }: AgentStep) => {
    return { capability, pinned: named?.get(place) ?? agent }
  }
  const wanted = everyStep(workflow.steps).flatMap(({ place, step }) =>
    isAgentStep(step) ? (capabilityWanted(wantedAt(place, step), agents) ?? []) : [],
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
      agents,
      knowledge: knowledge(capabilityWanted(asked, agents)),
      seed: `${seed} ${stepId}`,
      prefer: preferring(prefer, step.prefer),
    })
    return selection.agent ? selection : { ...selection, pinned: asked.pinned }
  }
  return { ...bindWorkflow(workflow, known, choose, kept), unfit: constants.issues }
}

function excludedAt({ unfit }: ConstantInputs, place: string): Pick<SelectionRequest, 'excluded'> {
  const excluded = unfit.get(place)
  return excluded ? { excluded } : {}
}

/** The workflows that a workflow calls, as they are now. Throws InvalidWorkflowError naming those that are not there. */
export async function versionsOfChildren(
  registry: Registry,
  workflow: Workflow,
): Promise<NonNullable<Plan['children']>> {
  const calls = everyStep(workflow.steps).flatMap(({ place, step }) => {
    const called = workflowCalledBy(step)
    return called === undefined ? [] : [{ place, called }]
  })
  const found = await Promise.all(calls.map(({ called }) => findVersion(registry, called)))
  const missing = calls.filter((_call, at) => !found[at] || !hasMachine(found[at]))
  if (missing.length > 0) {
    const names = (await registry.listWorkflows()).map((registered) => registered.workflow.name)
    const issues = missing.map((call) => {
      const { place, called } = call
      const message = found[calls.indexOf(call)]
        ? `the machine of workflow "${called}" is not there (any more): register that version again`
        : `there is no workflow "${called}"${suggestNames(called, names)}`
      return issue('unknown-workflow', `${pathOfPlace(workflow.steps, place)}.workflow`, message)
    })
    throw new OrchestratorError('InvalidWorkflowError', describeIssues(issues), { issues })
  }
  return Object.fromEntries(
    calls.map(({ place }, at) => {
      const { name, version } = (found[at] as RegisteredWorkflow).workflow
      return [place, { name, version }]
    }),
  )
}

/** Without a version the newest, unless it has been retired. */
async function findVersion(registry: Registry, called: string): Promise<RegisteredWorkflow | undefined> {
  const [name = '', wanted] = called.split('@')
  if (wanted !== undefined) return registry.findWorkflow(name, Number(wanted))
  const newest = await registry.findWorkflow(name)
  return newest?.active ? newest : undefined
}

/**
 * Whether a version's state machine is there. A deployed version that a later deployment leaves out keeps its machine while tasks may run on
 * it; a version that a caller published has one only while it is active.
 */
const hasMachine = ({ active, pending, gone, origin }: RegisteredWorkflow): boolean =>
  active || (!pending && !gone && origin !== 'api')

/** Notes the load of those steps that had a choice: only there does it decide anything. */
export async function recordLoad(registry: Registry, decisions: readonly Decision[]): Promise<void> {
  const steps = new Map<string, number>()
  for (const { chosen, candidates } of decisions) {
    if (candidates.filter(({ eligible }) => eligible).length < 2) continue
    steps.set(chosen, (steps.get(chosen) ?? 0) + 1)
  }
  if (steps.size > 0) await registry.addLoad(steps)
}
