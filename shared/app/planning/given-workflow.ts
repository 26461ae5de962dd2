import { OrchestratorError } from '../../domain/errors.ts'
import { describeIssues, type Issue } from '../../domain/issue.ts'
import { suggestNames } from '../../domain/nearest-names.ts'
import { describeUnknownType, matchTemplate } from '../../planner/match-template.ts'
import type { Ports, RegisteredWorkflow, Workflows } from '../../ports/index.ts'
import type { Workflow } from '../../workflow/schema.ts'
import type { Catalogue } from '../../workflow/types/catalogue.ts'
import { type Validated, validateWorkflow } from '../../workflow/validate-workflow.ts'
import { findVersionToRun } from '../choice/versions-of-children.ts'
import { asGiven } from '../tenants/within-tenant.ts'

type Named = { type?: string | undefined; workflow?: string | undefined }

/** The registered workflow that a request names, `name` or `name@version`. Throws NotFoundError with the nearest names. */
export async function findTemplate(workflows: Workflows, named: Named): Promise<RegisteredWorkflow> {
  if (named.workflow !== undefined && VERSION.test(named.workflow))
    return findVersionToRun(workflows, named.workflow)
  const found = templateIn(await workflows.listWorkflows(), named)
  if (found) return found
  // It may have been published just now, so the list is read again without a cache.
  const all = await workflows.listWorkflows({ fresh: true })
  const match = templateIn(all, named)
  if (match) return match
  const { type, workflow } = named
  if (type !== undefined)
    throw new OrchestratorError('NotFoundError', describeUnknownType(type, asTemplates(all)), { type })
  const names = all.map((registered) => registered.workflow.name)
  const message = `there is no workflow "${workflow}"${suggestNames(workflow ?? '', names)}`
  throw new OrchestratorError('NotFoundError', message, { workflow })
}

function templateIn(
  all: readonly RegisteredWorkflow[],
  { type, workflow }: Named,
): RegisteredWorkflow | undefined {
  if (type !== undefined) {
    // What the tenant has published itself comes first, also by its name where another says the type (within/W2).
    const own = asTemplates(all.filter(({ origin }) => origin === 'api'))
    return (matchTemplate(type, own) ?? matchTemplate(type, asTemplates(all)))?.registered
  }
  return all.find((registered) => registered.workflow.name === workflow)
}

const asTemplates = (all: readonly RegisteredWorkflow[]) =>
  all.map((registered) => ({ ...registered.workflow, registered }))

/** The workflow of a request; `warnings` are issues of names and types that do not cause a refusal. */
export type Given = { workflow: Workflow; warnings: Issue[] }
/** The part of a request that identifies the workflow. */
type Request = { type?: string | undefined; workflow?: unknown; lenient?: boolean | undefined }
type Knowing = Pick<Ports, 'agents' | 'workflows'>

/**
 * The workflow that a request names, or contains as a value or YAML text; `registered` is set when it has a machine of its own. Throws
 * NotFoundError, or InvalidWorkflowError with every issue.
 */
export async function givenWorkflow(
  ports: Knowing,
  { type, workflow: given, lenient = false }: Request,
): Promise<Given & { registered?: RegisteredWorkflow }> {
  if (given === undefined || (typeof given === 'string' && (NAME.test(given) || VERSION.test(given)))) {
    const registered = await findTemplate(ports.workflows, { type, workflow: given })
    return { workflow: registered.workflow, registered, warnings: [] }
  }
  return parseWorkflow(ports, given, { lenient })
}

/**
 * Parses a workflow and checks it against the registered agents and workflows. Throws InvalidWorkflowError with every
 * issue.
 */
export async function parseWorkflow(
  ports: Knowing,
  given: unknown,
  { lenient = false }: { lenient?: boolean } = {},
): Promise<Given> {
  const validated = async (fresh: boolean): Promise<Validated> =>
    validateWorkflow(given, { lenient, catalogue: await catalogueOf(ports, fresh) })
  const first = await validated(false)
  // An agent may have changed just now, so the schemas of agents are read again without a cache.
  const { workflow, issues, warnings = [] } = isClean(first) ? first : await validated(true)
  if (workflow) return { workflow, warnings }
  throw new OrchestratorError('InvalidWorkflowError', describeIssues(issues), { issues })
}

const isClean = ({ issues, warnings = [] }: Validated): boolean => issues.length + warnings.length === 0

async function catalogueOf({ agents, workflows }: Knowing, fresh: boolean): Promise<Catalogue> {
  const [allAgents, all] = await Promise.all([
    agents.listAgents({ fresh }),
    workflows.listWorkflows({ fresh }),
  ])
  return {
    agents: asGiven(allAgents).filter(({ status }) => status !== 'inactive'),
    workflows: all.map(({ workflow }) => workflow),
  }
}

const NAME = /^[a-z][a-z0-9_-]{0,47}$/
const VERSION = /^[a-z][a-z0-9_-]{0,47}@[1-9]\d{0,7}$/
