import { issuesOfFields } from '../../contracts/fields-of-place.ts'
import type { RegisterAgent } from '../../contracts/register-agent.ts'
import { hostedArn, installationOf } from '../../domain/agent-function.ts'
import { allowedTo, issuesOfPlace, ownFunctions } from '../../domain/elsewhere/allowed-place.ts'
import { ELSEWHERE_MEMORY_MB, type Elsewhere } from '../../domain/elsewhere/place.ts'
import type { ElsewhereSettings } from '../../domain/elsewhere/settings.ts'
import { OrchestratorError } from '../../domain/errors.ts'
import { describeIssues, type Issue, issue } from '../../domain/issue.ts'
import { withoutUndefined } from '../../domain/without-undefined.ts'
import type { Ports } from '../../ports/index.ts'

/** What a stage with agents elsewhere has: the function that calls them, and what may be registered. */
export type ElsewhereHost = { readonly functionArn: string; readonly allowed: ElsewhereSettings }

export type HostingNeeds = {
  machines: Pick<Ports['machines'], 'arnOf'>
  /** Only in a stage with `agentsElsewhere`. */
  elsewhereHost?: ElsewhereHost | undefined
}

type Hosted = Pick<RegisterAgent, 'limits'> & { functionArn: string; elsewhere?: Elsewhere }

/** A name for which a machine's ARN is asked, to tell from it where the installation is. */
const ANY_MACHINE = 'x'

/**
 * Which function hosts an agent that is registered by the API, and where it is elsewhere. Throws InvalidInputError for a function of another name than
 * the agent's (function/F1), for a place that the stage does not allow to the tenant (elsewhere/W1), and for fields that do not go together.
 */
export function hostingOf(
  { machines, elsewhereHost }: HostingNeeds,
  request: RegisterAgent,
  tenant: string,
): Hosted {
  const { functionArn, kind, limits } = request
  const installation = installationOf(machines.arnOf(ANY_MACHINE), ANY_MACHINE)
  const issues = issuesOfFields(request)
  if (issues.length > 0) throw refused(request.id, issues)
  if (kind === undefined) {
    const given = functionArn ?? ''
    const right = hostedArn(installation, { tenant, id: request.id })
    if (given === right || given.startsWith(`${right}:`)) return { functionArn: given, limits }
    const message = `functionArn: the function of agent "${request.id}" of the tenant "${tenant}" is ${right}, and this is ${given}: a function is in the account and region of the orchestrator, and its name says which agent of which tenant it hosts`
    throw new OrchestratorError('InvalidInputError', message, { agentId: request.id, functionArn: right })
  }
  if (!elsewhereHost) throw refused(request.id, [issue('invalid-value', 'kind', NO_HOST)])
  const elsewhere = placeIn(request)
  const wrong = issuesOfPlace(elsewhere, {
    allowed: allowedTo(elsewhereHost.allowed, tenant),
    tenant,
    own: ownFunctions(installation),
  })
  if (wrong.length > 0) throw refused(request.id, wrong)
  // A call has this price, whether a server or a function answers it.
  return {
    functionArn: elsewhereHost.functionArn,
    limits: { ...limits, memoryMb: ELSEWHERE_MEMORY_MB },
    elsewhere,
  }
}

const NO_HOST =
  'this stage calls no agents elsewhere: say in the stage which may be registered, e.g. agentsElsewhere: { hosts: [agents.example.com] }, and deploy'

const placeIn = ({ kind, arn = '', url = '', secret }: RegisterAgent): Elsewhere =>
  kind === 'lambda' ? { kind, arn } : { kind: 'http', url, ...withoutUndefined({ secret }) }

const refused = (agentId: string, issues: readonly Issue[]): OrchestratorError =>
  new OrchestratorError('InvalidInputError', describeIssues(issues), { agentId, issues })
