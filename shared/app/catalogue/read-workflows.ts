import type { WorkflowView } from '../../contracts/workflow-views.ts'
import type { Caller } from '../../domain/caller.ts'
import { compareIds } from '../../domain/compare-ids.ts'
import type { Ports, RegisteredWorkflow } from '../../ports/index.ts'
import { topologicalOrder } from '../../workflow/graph.ts'
import type { Workflow } from '../../workflow/schema.ts'
import { graphOfWorkflow } from '../../workflow/step-needs.ts'
import { findTemplate } from '../planning/given-workflow.ts'
import { withinTenant } from '../tenants/within-tenant.ts'

type Needs = Pick<Ports, 'workflows'>

/** The workflows of the caller's tenant, and those that deployments have brought. */
export const listWorkflows =
  (ports: Needs) =>
  async (_input: object, { tenant }: Caller): Promise<{ workflows: WorkflowView[] }> => {
    const { workflows } = withinTenant(ports, tenant)
    const all = await workflows.listWorkflows()
    return { workflows: all.map(workflowView).sort((a, b) => compareIds(a.name, b.name)) }
  }

/** Throws NotFoundError with the nearest names. */
export const getWorkflow =
  (ports: Needs) =>
  async (
    { name }: { name: string },
    { tenant }: Caller,
  ): Promise<WorkflowView & { definition: Workflow }> => {
    const { workflows } = withinTenant(ports, tenant)
    const registered = await findTemplate(workflows, { workflow: name })
    return { ...workflowView(registered), definition: registered.workflow }
  }

export function workflowView({ workflow, stateMachineArn, origin }: RegisteredWorkflow): WorkflowView {
  const { name, version, description, taskTypes } = workflow
  return {
    name,
    version,
    description,
    taskTypes,
    steps: topologicalOrder(graphOfWorkflow(workflow)),
    stateMachineArn,
    origin,
  }
}
