/**
 * Whether the agents and workflows that a deployment brings are in the registry.
 *
 * Invariants (tests cite them):
 * readiness/Y1 the installation is healthy from the moment on at which all of them are registered, and not before
 * readiness/Y2 a request that fails while they are not is told to come again: what it lacks may be registered in a moment
 * readiness/Y3 a request that can be served meanwhile is served: an update of a running installation is no outage
 * readiness/Y4 what counts are names: an agent that is registered beside those that are expected, or in place of one, makes nothing ready
 */
import { countExpected, type ExpectedNames } from '../../contracts/expected-names.ts'
import type { Problem } from '../../contracts/problem-view.ts'
import { type Caller, DEFAULT_TENANT } from '../../domain/caller.ts'
import { isOrchestratorError, OrchestratorError } from '../../domain/errors.ts'
import type { Ports } from '../../ports/index.ts'
import { withinTenant } from '../tenants/within-tenant.ts'

/** The names that a deployment brings; they are known when the stacks are synthesized. */
export type Expected = { agents: ExpectedNames; workflows: ExpectedNames }
type Count = ReturnType<typeof countExpected>
type Counts = { agents: Count; workflows: Count }
/** As an answer tells it. */
export type Readiness = NonNullable<Problem['starting']>
type Needs = Pick<Ports, 'agents' | 'workflows' | 'ids'> & { expected?: Expected | undefined }

const NOTHING: Expected = { agents: { names: [] }, workflows: { names: [] } }
const RETRY_SECONDS = 5

/** Throws StartingError until all are registered (readiness/Y1). */
export const checkHealth =
  (ports: Needs) =>
  async (_input: object, { tenant }: Caller) => {
    const found = await readinessOf(ports, tenant)
    const { starting, agents, workflows } = found
    if (isStarting(starting)) throw startingError(starting)
    return { status: 'ok' as const, agents, workflows }
  }

/** A use case whose refusals are StartingErrors until all are registered (readiness/Y2, Y3). */
export const onceRegistered =
  (ports: Needs) =>
  <Input, Output>(useCase: (input: Input, caller: Caller) => Promise<Output>) =>
  async (input: Input, caller: Caller): Promise<Output> => {
    try {
      return await useCase(input, caller)
    } catch (error) {
      if (!isOrchestratorError(error) || !isRefusal(error)) throw error
      // Only now: what can be served is not delayed by a question.
      const { starting } = await readinessOf(ports, caller.tenant)
      throw isStarting(starting) ? startingError(starting, error) : error
    }
  }

/** By the names of what deployments have registered and not taken back (readiness/Y4); the counts are of what the tenant sees. */
async function readinessOf({ ids, expected = NOTHING, ...ports }: Needs, tenant: string) {
  const seen = withinTenant(ports, tenant)
  const of = DEFAULT_TENANT
  const [found, known, agents, workflows] = await Promise.all([
    ports.agents.listAgents({ of }),
    ports.workflows.listWorkflows({ of }),
    seen.agents.listAgents(),
    seen.workflows.listWorkflows(),
  ])
  const deployedAgents = found.filter(
    ({ origin, status }) => origin === 'deployment' && status !== 'inactive',
  )
  const deployedWorkflows = known.filter(({ origin }) => origin !== 'api')
  const starting: Counts = {
    agents: countExpected(
      expected.agents,
      deployedAgents.map(({ id }) => id),
      ids.digest,
    ),
    workflows: countExpected(
      expected.workflows,
      deployedWorkflows.map(({ workflow }) => workflow.name),
      ids.digest,
    ),
  }
  return { starting, agents: agents.length, workflows: workflows.length }
}

const isStarting = ({ agents, workflows }: Counts): boolean =>
  agents.registered < agents.expected || workflows.registered < workflows.expected

const isRefusal = ({ status }: OrchestratorError): boolean => status >= 400 && status < 500

/** The most names in a message. */
const MOST_NAMED = 10

function startingError({ agents, workflows }: Counts, cause?: OrchestratorError): OrchestratorError {
  const why = cause === undefined ? '' : `, and without the others: ${cause.message}`
  const message =
    `the installation is starting: ${agents.registered} of ${agents.expected} agents and ` +
    `${workflows.registered} of ${workflows.expected} workflows are registered${missingIn(agents, workflows)}${why}; send it again in ${RETRY_SECONDS} s`
  const headers = { 'retry-after': String(RETRY_SECONDS) }
  const starting: Readiness = { agents: shown(agents), workflows: shown(workflows) }
  return new OrchestratorError('StartingError', message, { starting, headers }, cause)
}

function missingIn(...counts: readonly Count[]): string {
  const names = counts.flatMap(({ missing }) => missing)
  const more = names.length > MOST_NAMED ? ` and ${names.length - MOST_NAMED} more` : ''
  return names.length === 0 ? '' : ` (missing: ${names.slice(0, MOST_NAMED).join(', ')}${more})`
}

const shown = ({ registered, expected, missing }: Count) => ({
  registered,
  expected,
  ...(missing.length > 0 ? { missing: missing.slice(0, MOST_NAMED) } : {}),
})
