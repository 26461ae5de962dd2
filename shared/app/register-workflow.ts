/**
 * Publishes a version of a workflow at run time.
 *
 * Invariants (tests cite them):
 * V1 a version that is published never changes: the same again is the same, anything else is refused
 * V2 its machine is there before anybody can submit to it
 */

import { compileWorkflow } from '../compiler/index.ts'
import type { WorkflowView } from '../contracts/views.ts'
import { OrchestratorError } from '../domain/errors.ts'
import { canonicalJson, type Json } from '../domain/json.ts'
import type { Ports, RegisteredWorkflow } from '../ports/index.ts'
import type { Workflow } from '../workflow/schema.ts'
import { digestOfMachine, ensureMachine } from './ensure-machine.ts'
import { parseWorkflow } from './given-workflow.ts'
import { versionsOfChildren } from './plan-task.ts'
import { workflowView } from './read-workflows.ts'

type Needs = Pick<Ports, 'registry' | 'machines' | 'ids' | 'clock'>

/** Throws InvalidWorkflowError with every issue, InvalidInputError, ConflictError. */
export const registerWorkflow =
  (ports: Needs) =>
  async ({ name, workflow: given }: { name: string; workflow: unknown }): Promise<WorkflowView> => {
    const { registry, clock } = ports
    const workflow = parseWorkflow(given)
    if (workflow.name !== name) {
      const message = `the workflow is called "${workflow.name}", and the address says "${name}": make them the same`
      throw new OrchestratorError('InvalidInputError', message)
    }
    const compiled = compileWorkflow(workflow)
    // It may call itself, which only its first version could not find.
    await versionsOfChildren(registry, workflow)
    const [published, newest, all] = await Promise.all([
      registry.findWorkflow(name, workflow.version),
      registry.findWorkflow(name),
      registry.listWorkflows({ fresh: true }),
    ])
    if (published) return workflowView(sameVersion(published, workflow, newest))
    requireNewer(workflow, newest)
    requireUnclaimed(workflow, all)
    // By its content: a version that was never published may have left a machine.
    const digest = digestOfMachine(ports, compiled).slice(0, 8)
    const stateMachineArn = await ensureMachine(ports, `${name}-v${workflow.version}-${digest}`, compiled)
    const registered: RegisteredWorkflow = {
      workflow,
      stateMachineArn,
      gates: compiled.gates,
      parts: compiled.parts.length,
      registeredAt: clock.now().toISOString(),
      active: true,
      origin: 'api',
    }
    if (await registry.publishWorkflow(registered)) return workflowView(registered)
    const winner = await registry.findWorkflow(name, workflow.version)
    return workflowView(sameVersion(winner ?? registered, workflow, winner))
  }

function sameVersion(
  published: RegisteredWorkflow,
  workflow: Workflow,
  newest: RegisteredWorkflow | undefined,
): RegisteredWorkflow {
  if (canonicalJson(published.workflow as Json) === canonicalJson(workflow as Json)) return published
  const next = (newest?.workflow.version ?? workflow.version) + 1
  const message = `version ${workflow.version} of "${workflow.name}" is published and does not change; publish this as version ${next}`
  throw new OrchestratorError('ConflictError', message)
}

function requireNewer({ name, version }: Workflow, newest: RegisteredWorkflow | undefined): void {
  if (!newest || newest.workflow.version < version) return
  const message = `"${name}" is at version ${newest.workflow.version} already; publish this as version ${newest.workflow.version + 1}`
  throw new OrchestratorError('ConflictError', message)
}

/** A task type that two workflows claim would be served by whichever comes first. */
function requireUnclaimed({ name, taskTypes }: Workflow, all: readonly RegisteredWorkflow[]): void {
  const own = [name, ...taskTypes]
  for (const { workflow } of all.filter((other) => other.workflow.name !== name)) {
    const claimed = [workflow.name, ...workflow.taskTypes].find((claim) => own.includes(claim))
    if (claimed === undefined) continue
    const message = `"${claimed}" is claimed by workflow "${workflow.name}" already; choose another name or task type`
    throw new OrchestratorError('ConflictError', message)
  }
}
