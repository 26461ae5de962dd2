import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { BUILT_IN, type Catalogue, CatalogueError, loadCatalogue } from '../../infra/load-catalogue.ts'
import { sourcesOf } from '../../infra/sources-of.ts'
import { unservedSteps } from '../../infra/unserved.ts'
import { type Issue, issue } from '../../shared/domain/issue.ts'
import { withPlaces } from '../../shared/workflow/issue-places.ts'
import { pathOfPlace, stepAtPlace } from '../../shared/workflow/places.ts'
import type { Workflow } from '../../shared/workflow/schema.ts'
import { workflowCalledBy } from '../../shared/workflow/step-kinds.ts'
import { findProject, PACKAGE_ROOT } from '../dev/find-project.ts'

/**
 * What no agent or workflow of the project around the current folder serves. It may be registered later, so it is no error. Without a
 * project, as with an installed package alone, there is nothing to compare with.
 */
export async function warningsOf(workflow: Workflow, text: string): Promise<Issue[]> {
  const catalogue = await catalogueHere()
  if (catalogue === undefined) return []
  if (catalogue instanceof CatalogueError) {
    const message = `capabilities were not checked, for the project cannot be loaded: ${catalogue.message}`
    return [issue('not-checked', '', message)]
  }
  const capabilities = catalogue.agents.flatMap(({ manifest }) =>
    manifest.capabilities.map(({ name }) => name),
  )
  const workflows = [workflow.name, ...catalogue.workflows.map((one) => one.workflow.name)]
  const unserved = unservedSteps(workflow, { capabilities, workflows }).map(({ place, missing }) => {
    const step = stepAtPlace(workflow.steps, place)
    const field = step && workflowCalledBy(step) !== undefined ? 'workflow' : 'capability'
    const path = `${pathOfPlace(workflow.steps, place)}.${field}`
    return issue(field === 'workflow' ? 'unknown-workflow' : 'unknown-capability', path, missing)
  })
  return withPlaces(unserved, text)
}

/** The agents and workflows of the project; an error when they cannot be loaded, undefined without a project. */
async function catalogueHere(): Promise<Catalogue | CatalogueError | undefined> {
  const root = rootHere()
  if (root === undefined) return undefined
  try {
    return await loadCatalogue(root === PACKAGE_ROOT ? [BUILT_IN] : sourcesOf({ root }))
  } catch (error) {
    if (error instanceof CatalogueError) return error
    throw error
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
