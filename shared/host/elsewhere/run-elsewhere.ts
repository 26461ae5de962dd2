import { bindingAt } from '../../app/steps/plan-paths.ts'
import { withinTenant } from '../../app/tenants/within-tenant.ts'
import { StepPayloadSchema } from '../../contracts/step-payload.ts'
import type { Agent } from '../../domain/agent.ts'
import { DEFAULT_TENANT } from '../../domain/caller.ts'
import { allowedTo, issuesOfPlace } from '../../domain/elsewhere/allowed-place.ts'
import type { Elsewhere } from '../../domain/elsewhere/place.ts'
import type { ElsewhereSettings } from '../../domain/elsewhere/settings.ts'
import { OrchestratorError } from '../../domain/errors.ts'
import type { Receipt } from '../../domain/step.ts'
import type { ElsewhereAgents } from '../../ports/elsewhere.ts'
import type { Ports } from '../../ports/index.ts'
import type { HostPorts, Invocation } from '../host-ports.ts'
import { runStep } from '../run-step.ts'
import { elsewhereAgent } from './elsewhere-agent.ts'

type Needs = HostPorts &
  Pick<Ports, 'agents'> & {
    elsewhere: ElsewhereAgents
    /** What the stage allows. */
    allowed: ElsewhereSettings
    /** The beginning of the ARNs of the installation's own functions (elsewhere/W2). */
    ownFunctions: string
  }

/**
 * Runs a step whose agent is elsewhere: the one that its record names, or that the plan has bound. Everything else is the host of any agent: receipts,
 * gates, admission, statistics, breaker. Throws as `runStep`, and AgentFailedError where the agent is not registered as one that is elsewhere.
 */
export const runElsewhere =
  (ports: Needs) =>
  async (payload: unknown, invocation: Invocation): Promise<Receipt> => {
    const { taskId, execution, path } = StepPayloadSchema.parse(payload)
    const [plan, [record]] = await Promise.all([
      ports.plans.getPlan(taskId, execution),
      ports.steps.findSteps(taskId, [path]),
    ])
    const agentId = record?.agentId ?? bindingAt(plan, path)?.agentId ?? ''
    const { agents } = withinTenant({ agents: ports.agents }, plan.tenant)
    const agent = await agents.findAgent(agentId)
    if (!isElsewhere(agent))
      throw new OrchestratorError(
        'AgentFailedError',
        `step "${path}" is bound to agent "${agentId}", which is ${agent ? 'hosted by a function of its own' : 'not registered any more'}`,
      )
    // One that the stage has brought is called for all tenants, by what the stage allows to itself.
    const tenant = agent.origin === 'deployment' ? DEFAULT_TENANT : plan.tenant
    const allowed = allowedTo(ports.allowed, tenant)
    const issues = issuesOfPlace(agent.elsewhere, { allowed, tenant, own: ports.ownFunctions })
    return runStep(ports)(elsewhereAgent({ ...ports, allowed }, agent, issues), payload, invocation)
  }

const isElsewhere = (agent: Agent | undefined): agent is Agent & { elsewhere: Elsewhere } =>
  agent?.elsewhere !== undefined
