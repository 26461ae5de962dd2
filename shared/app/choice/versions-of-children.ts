import { OrchestratorError } from '../../domain/errors.ts'
import { describeIssues, issue } from '../../domain/issue.ts'
import { suggestNames } from '../../domain/nearest-names.ts'
import { registryName } from '../../domain/tenants.ts'
import type { Plan, RegisteredWorkflow, Workflows } from '../../ports/index.ts'
import { placedIn } from '../../workflow/issue-places.ts'
import { everyStep, pathOfPlace } from '../../workflow/places.ts'
import type { Workflow } from '../../workflow/schema.ts'
import { workflowCalledBy } from '../../workflow/step-kinds.ts'

/** The current versions of the workflows that a workflow calls, by their qualified names. Throws InvalidWorkflowError naming those that do not exist. */
export async function versionsOfChildren(
  workflows: Pick<Workflows, 'findWorkflow' | 'listWorkflows'>,
  workflow: Workflow,
): Promise<NonNullable<Plan['children']>> {
  const calls = everyStep(workflow.steps).flatMap(({ place, step }) => {
    const called = workflowCalledBy(step)
    return called === undefined ? [] : [{ place, called }]
  })
  const found = await Promise.all(calls.map(({ called }) => findVersion(workflows, called)))
  const missing = calls.filter((_call, at) => !found[at] || !hasMachine(found[at]))
  if (missing.length > 0) {
    const names = await namesOf(workflows)
    const unknown = missing.map((call) => {
      const path = `${pathOfPlace(workflow.steps, call.place)}.workflow`
      return issue('unknown-workflow', path, describeMissing(call.called, found[calls.indexOf(call)], names))
    })
    const issues = placedIn(workflow, unknown)
    throw new OrchestratorError('InvalidWorkflowError', describeIssues(issues), { issues })
  }
  return Object.fromEntries(
    calls.map(({ place }, at) => {
      const registered = found[at] as RegisteredWorkflow
      return [place, { name: registryName(registered), version: registered.workflow.version }]
    }),
  )
}

/** The workflow of this name, `name` or `name@version`, which a child can run. Throws InvalidWorkflowError. */
export async function findChild(
  workflows: Pick<Workflows, 'findWorkflow' | 'listWorkflows'>,
  called: string,
): Promise<RegisteredWorkflow> {
  const found = await findVersion(workflows, called)
  if (found && hasMachine(found)) return found
  const message = describeMissing(called, found, await namesOf(workflows))
  throw new OrchestratorError('InvalidWorkflowError', message, {
    issues: [issue('unknown-workflow', 'workflow', message)],
  })
}

/** A version by `name@version`, as a request names it. Throws NotFoundError with the versions that there are. */
export async function findVersionToRun(workflows: Workflows, called: string): Promise<RegisteredWorkflow> {
  const found = await findVersion(workflows, called)
  if (found && hasMachine(found)) return found
  const [name = ''] = called.split('@')
  const versions = (await workflows.listVersions(name)).filter(hasMachine)
  const known = versions.slice(-MOST_VERSIONS).map(({ workflow }) => `${name}@${workflow.version}`)
  const message =
    !found && known.length > 0
      ? `there is no workflow "${called}"; there is ${known.join(', ')}`
      : describeMissing(called, found, await namesOf(workflows))
  throw new OrchestratorError('NotFoundError', message, { workflow: called })
}

/** The latest are told. */
const MOST_VERSIONS = 10

const namesOf = async (workflows: Pick<Workflows, 'listWorkflows'>): Promise<string[]> =>
  (await workflows.listWorkflows()).map(({ workflow }) => workflow.name)

const describeMissing = (called: string, found: RegisteredWorkflow | undefined, names: string[]): string =>
  found
    ? `the machine of workflow "${called}" is not there (any more): register that version again`
    : `there is no workflow "${called}"${suggestNames(called, names)}`

/** The called version, by default the newest unless it is retired. */
async function findVersion(
  workflows: Pick<Workflows, 'findWorkflow'>,
  called: string,
): Promise<RegisteredWorkflow | undefined> {
  const [name = '', wanted] = called.split('@')
  if (wanted !== undefined) return workflows.findWorkflow(name, Number(wanted))
  const newest = await workflows.findWorkflow(name)
  return newest?.active ? newest : undefined
}

/**
 * Whether a version's state machine exists. A deployed version that a later deployment leaves out keeps its machine while tasks may run on
 * it; a version published by a caller has a machine only while it is active.
 */
const hasMachine = ({ active, pending, gone, origin }: RegisteredWorkflow): boolean =>
  active || (!pending && !gone && origin !== 'api')
