import type { RegisterAgent } from '../../contracts/register-agent.ts'
import { hostedArn, installationOf } from '../../domain/agent-function.ts'
import { allowedTo, issuesOfPlace, ownFunctions } from '../../domain/elsewhere/allowed-place.ts'
import { ELSEWHERE_MEMORY_MB, type Elsewhere, KINDS_TO_COME } from '../../domain/elsewhere/place.ts'
import type { ElsewhereSettings } from '../../domain/elsewhere/settings.ts'
import { OrchestratorError } from '../../domain/errors.ts'
import { describeIssues, type Issue, issue } from '../../domain/issue.ts'
import { ownOf } from '../../domain/own.ts'
import { withoutUndefined } from '../../domain/without-undefined.ts'
import type { Ports } from '../../ports/index.ts'
import { issuesOfJsonSchema } from '../../workflow/json-schema-issues.ts'
import { schemaOfJson } from '../../workflow/schema-of-json.ts'

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
  // Whatever the agent runs on: a call costs this.
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

/** The fields of each kind; those of others do not go with it. */
const FIELDS: Readonly<Record<string, { required: 'arn' | 'url'; optional: readonly string[] }>> = {
  lambda: { required: 'arn', optional: [] },
  http: { required: 'url', optional: ['secret'] },
}
const PLACES = ['functionArn', 'arn', 'url', 'secret'] as const

/** Whether the fields that say where an agent is go together, and an agent elsewhere needs nothing that only our host could give it. */
export function issuesOfFields(
  request: Omit<RegisterAgent, 'functionArn'> & { functionArn?: string | undefined },
): Issue[] {
  const { kind, needs, capabilities } = request
  const given = PLACES.filter((field) => request[field] !== undefined)
  if (kind === undefined) {
    const others = given.filter((field) => field !== 'functionArn')
    if (request.functionArn === undefined)
      return [
        issue(
          'missing-field',
          'functionArn',
          'it is not said where the agent is: give functionArn of a function that hosts it, or kind "lambda" with arn, or kind "http" with url',
        ),
      ]
    return others.map((field) => issue('unknown-field', field, `it goes with kind, which is not given`))
  }
  const toCome = ownOf(KINDS_TO_COME, kind)
  if (toCome !== undefined) return [issue('invalid-value', 'kind', `it is "${kind}": ${toCome}`)]
  const { required, optional } = FIELDS[kind] as (typeof FIELDS)[string]
  const issues = given
    .filter((field) => field !== required && !optional.includes(field))
    .map((field) => issue('unknown-field', field, `an agent of kind "${kind}" has no ${field}`))
  if (request[required] === undefined)
    issues.push(issue('missing-field', required, `an agent of kind "${kind}" has it: it is where calls go`))
  if (needs !== undefined)
    issues.push(
      issue(
        'unknown-field',
        'needs',
        'an agent elsewhere brings what it needs: models, secrets and hosts of the stage are given to agents that our host runs; leave needs out',
      ),
    )
  return [...issues, ...capabilities.flatMap(issuesOfSchemas)]
}

/** Only what can be checked is registered: the host checks each input and output. */
const issuesOfSchemas = (
  { inputSchema, outputSchema }: RegisterAgent['capabilities'][number],
  at: number,
): Issue[] => [
  ...issuesOfJsonSchema(inputSchema, `capabilities[${at}].inputSchema`, schemaOfJson),
  ...issuesOfJsonSchema(outputSchema, `capabilities[${at}].outputSchema`, schemaOfJson),
]

const refused = (agentId: string, issues: readonly Issue[]): OrchestratorError =>
  new OrchestratorError('InvalidInputError', describeIssues(issues), { agentId, issues })
