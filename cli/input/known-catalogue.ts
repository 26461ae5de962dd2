import { existsSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { BUILT_IN, loadWhatLoads } from '../../infra/load-catalogue.ts'
import { sourcesOf } from '../../infra/sources-of.ts'
import type { OutputOf } from '../../shared/client/index.ts'
import { type Issue, issue } from '../../shared/domain/issue.ts'
import { unservedSteps } from '../../shared/planner/unserved-steps.ts'
import { placedIn } from '../../shared/workflow/issue-places.ts'
import type { Workflow } from '../../shared/workflow/schema.ts'
import { type Catalogue, NO_CATALOGUE } from '../../shared/workflow/types/catalogue.ts'
import { callApi } from '../api-client.ts'
import { CliError } from '../cli-error.ts'
import { findProject, PACKAGE_ROOT } from '../dev/find-project.ts'

/** The agents and workflows that a workflow file is checked against. */
export type KnownCatalogue = {
  catalogue: Catalogue
  /** Names of workflows, of which the definitions may not be known. */
  workflows: readonly string[]
  /** Names of the models of the API's stage; undefined where they are not known. */
  models?: readonly string[] | undefined
  /** Whether all names are known: else one that is missing here may be there all the same. */
  isWhole: boolean
  /** Whether what is not known is an error: the API was asked for. */
  isFinal: boolean
  warnings: Issue[]
  /** The newest version of a workflow that the API has; undefined without one, and where the API was not asked or does not answer. */
  deployed(name: string): Promise<WorkflowWithDefinition | undefined>
  /** Why the API was not asked, where that should be told. */
  reason?: string | undefined
}
/** `api`: the API alone, which must answer. `offline`: the project alone. Otherwise the project, and the API where it answers soon. */
type Asked = { file: string; text: string; api: boolean; offline: boolean }

/** An API that was not asked for may be slow, and is left out then. */
const MOST_SECONDS = 3

/**
 * What a workflow file may use. Files of the project come before what the API says of the same names, because the next deployment brings
 * them. Throws CliError only for an API that was asked for.
 */
export async function knownCatalogue({ file, text, api, offline }: Asked): Promise<KnownCatalogue> {
  if (api) {
    const { catalogue, workflows, models } = await catalogueOfApi(text)
    return { catalogue, workflows, models, isWhole: true, isFinal: true, warnings: [], deployed }
  }
  const [here, there] = await Promise.all([
    catalogueHere(file),
    offline ? undefined : catalogueOfApi(text, MOST_SECONDS).catch(reasonOf),
  ])
  const asked =
    typeof there === 'object' ? there : { catalogue: NO_CATALOGUE, workflows: [], models: undefined }
  // The address is the default one, which nobody has to serve, unless the environment says otherwise.
  const isTold = !here || Boolean(process.env.ORCHESTRATOR_URL)
  return {
    catalogue: joined(here?.catalogue ?? NO_CATALOGUE, asked.catalogue),
    workflows: [...(here?.catalogue.workflows ?? []).map(({ name }) => name), ...asked.workflows],
    models: asked.models,
    isWhole: (here !== undefined || typeof there === 'object') && !here?.problems,
    isFinal: false,
    warnings: here?.problems ? [notChecked(here.problems)] : [],
    deployed: typeof there === 'object' ? deployed : async () => undefined,
    reason: typeof there === 'string' && isTold ? there : undefined,
  }
}

type WorkflowWithDefinition = OutputOf<'getWorkflow'>

const deployed = (name: string): Promise<WorkflowWithDefinition | undefined> =>
  callApi('getWorkflow', { name }, undefined, MOST_SECONDS).catch(() => undefined)

/** A capability of the project around the current folder, or of the API where it answers soon. */
export async function knownCapability(name: string): Promise<Capability | undefined> {
  const offeredBy = (agents: Catalogue['agents'] = []): Capability | undefined =>
    agents.flatMap(({ capabilities }) => capabilities).find((one) => one.name === name)
  const here = offeredBy((await catalogueHere(''))?.catalogue.agents)
  return here ?? offeredBy((await catalogueOfApi('', MOST_SECONDS).catch(() => undefined))?.catalogue.agents)
}

type Capability = Catalogue['agents'][number]['capabilities'][number]

/** Steps that nothing known serves, with their places. */
export function unservedIn(
  workflow: Workflow,
  { catalogue, workflows, models, isWhole }: KnownCatalogue,
): Issue[] {
  if (!isWhole) return []
  const known = { agents: catalogue.agents, workflows: [workflow.name, ...workflows], models }
  return placedIn(
    workflow,
    unservedSteps(workflow, known).map(({ issue }) => issue),
  )
}

function joined(first: Catalogue, second: Catalogue): Catalogue {
  const ids = new Set(first.agents.map(({ id }) => id))
  const names = new Set(first.workflows.map(({ name }) => name))
  return {
    agents: [...first.agents, ...second.agents.filter(({ id }) => !ids.has(id))],
    workflows: [...first.workflows, ...second.workflows.filter(({ name }) => !names.has(name))],
  }
}

const notChecked = (problems: string): Issue =>
  issue('not-checked', '', `capabilities were not checked, for the project cannot be loaded: ${problems}`)

function reasonOf(error: unknown): string {
  if (error instanceof CliError) return error.message
  throw error
}

/**
 * What the project around the current folder has, with what is wrong in its other files; undefined without a project, as with an installed
 * package alone.
 */
async function catalogueHere(file: string): Promise<{ catalogue: Catalogue; problems?: string } | undefined> {
  const root = rootHere()
  if (root === undefined) return undefined
  const { catalogue, problems } = await loadWhatLoads(
    root === PACKAGE_ROOT ? [BUILT_IN] : sourcesOf({ root }),
  )
  // What is wrong in the file itself is told by its own check.
  const itself = `${relative(root, resolve(file))}:`
  // A problem is all that is wrong in one file, and quotes of expressions may have several lines.
  const others = problems.filter((problem) => !problem.startsWith(itself))
  return {
    catalogue: {
      agents: catalogue.agents.map(({ manifest }) => manifest),
      workflows: catalogue.workflows.map(({ workflow }) => workflow),
    },
    ...(others.length > 0 && { problems: others.join('\n') }),
  }
}

function rootHere(): string | undefined {
  try {
    const { root } = findProject()
    // A CDK app with folders of its own names keeps its agents where only the app knows.
    return root === PACKAGE_ROOT || existsSync(join(root, 'agents')) ? root : undefined
  } catch {
    return undefined
  }
}

/** The agents of the API, its workflows' names, the definitions of those that the text may call, and its models' names if the text may name one. */
async function catalogueOfApi(
  text: string,
  timeoutSeconds?: number,
): Promise<{ catalogue: Catalogue; workflows: string[]; models: string[] | undefined }> {
  const call: typeof callApi = (id, input) => callApi(id, input, undefined, timeoutSeconds)
  const [{ agents }, { workflows }, listed] = await Promise.all([
    call('listAgents', {}),
    /\bworkflow\b/.test(text) ? call('listWorkflows', {}) : { workflows: [] },
    /\b(?:converse|judge)\b/.test(text) ? call('listModels', {}) : undefined,
  ])
  const names = workflows.map(({ name }) => name)
  const called = names.filter((name) => new RegExp(`\\bworkflow\\b['"]?\\s*:\\s*['"]?${name}\\b`).test(text))
  const definitions = await Promise.all(called.map((name) => call('getWorkflow', { name })))
  return {
    catalogue: {
      agents: agents.filter(({ status }) => status !== 'inactive'),
      workflows: definitions.map(({ definition }) => definition),
    },
    workflows: names,
    models: listed?.models.map(({ name }) => name),
  }
}
