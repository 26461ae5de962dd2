import type { WorkflowView } from '../../contracts/views.ts'
import type { Caller } from '../../domain/caller.ts'
import type { RegisteredWorkflow, Registry } from '../../ports/index.ts'
import { topologicalOrder } from '../../workflow/graph.ts'
import type { Workflow } from '../../workflow/schema.ts'
import { graphOfWorkflow } from '../../workflow/step-needs.ts'
import { findTemplate } from '../planning/given-workflow.ts'

type Needs = { registry: Registry }

export const listWorkflows =
  ({ registry }: Needs) =>
  async (_input: object, _caller: Caller): Promise<{ workflows: WorkflowView[] }> => {
    const all = await registry.listWorkflows()
    return { workflows: all.map(workflowView).sort((a, b) => (a.name < b.name ? -1 : 1)) }
  }

/** Throws NotFoundError with the nearest names. */
export const getWorkflow =
  ({ registry }: Needs) =>
  async ({ name }: { name: string }, _caller: Caller): Promise<WorkflowView & { definition: Workflow }> => {
    const registered = await findTemplate(registry, { workflow: name })
    return { ...workflowView(registered), definition: registered.workflow }
  }

export const checkHealth =
  ({ registry }: Needs) =>
  async (_input: object, _caller: Caller) => {
    const [agents, workflows] = await Promise.all([registry.listAgents(), registry.listWorkflows()])
    return { status: 'ok' as const, agents: agents.length, workflows: workflows.length }
  }

export function workflowView({ workflow, stateMachineArn }: RegisteredWorkflow): WorkflowView {
  const { name, version, description, taskTypes } = workflow
  return {
    name,
    version,
    description,
    taskTypes,
    steps: topologicalOrder(graphOfWorkflow(workflow)),
    stateMachineArn,
  }
}
