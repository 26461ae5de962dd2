import type { DefinedAgent } from '../agent/index.ts'
import { capabilityAsked } from '../app/agents/capability-asked.ts'
import { calledStep } from '../app/steps/chosen-capability.ts'
import { type Resolved, resolveStep } from '../app/steps/resolve-step.ts'
import { OrchestratorError } from '../domain/errors.ts'
import type { Json } from '../domain/json.ts'
import { ownOf } from '../domain/own.ts'
import type { StepRecord } from '../domain/step.ts'
import type { Plan } from '../ports/index.ts'
import type { AgentStep } from '../workflow/schema.ts'
import { parseWith } from './checked-values.ts'
import type { HostPorts } from './host-ports.ts'
import type { StepRun } from './step-run.ts'

/** The call of an agent: `input` is the resolved input, `parsed` the same value after the agent's own schema. */
export type Call = {
  capability: { name: string } & DefinedAgent['capabilities'][string]
  input: Json
  parsed: unknown
}

/** Evaluates `when`, and then the input. Throws InvalidInputError naming the expression that failed. */
export async function resolveInput(
  ports: Pick<HostPorts, 'values' | 'sharedState'>,
  { agent, own, plan, needed }: Pick<StepRun, 'agent' | 'own' | 'plan' | 'needed'>,
  chosen: Pick<StepRecord, 'capability'> | undefined,
  hasBegun = false,
): Promise<Resolved> {
  const task = { id: own.taskId, type: plan.type, metadata: plan.metadata }
  const schema = capabilityAsked(agent.manifest, calledStep(plan, own.path, chosen))?.inputSchema
  return resolveStep(ports, task, plan, own.path, await needed, { schema, hasBegun })
}

/**
 * Throws InvalidInputError when the input does not match the schema, AgentFailedError when the agent does not offer the
 * step's capability, or does not work for the task's tenant (host/H9).
 */
export function validateCall({ agent, own, plan, record }: StepRun, input: Json): Call {
  requireTenant(agent, plan)
  const capability = capabilityOf(agent, calledStep(plan, own.path, record))
  const parsed = parseWith(agent, capability.input, input, (issues) => {
    return new OrchestratorError('InvalidInputError', `the input does not fit ${capability.name}: ${issues}`)
  })
  return { capability, input, parsed }
}

function capabilityOf(agent: DefinedAgent, step: AgentStep): Call['capability'] {
  const name = capabilityAsked(agent.manifest, step)?.name
  const capability = name === undefined ? undefined : ownOf(agent.capabilities, name)
  if (name !== undefined && capability) return { name, ...capability }
  const message = `agent ${agent.manifest.id} does not offer ${step.capability}`
  throw new OrchestratorError('AgentFailedError', message)
}

/** The agent's own file says for which tenants it works: its function may be registered by another tenant, under another id. */
function requireTenant({ manifest: { id, tenants } }: DefinedAgent, { tenant }: Pick<Plan, 'tenant'>): void {
  if (tenants?.includes(tenant) ?? true) return
  throw new OrchestratorError('AgentFailedError', `agent ${id} does not work for tenant ${tenant}`)
}
