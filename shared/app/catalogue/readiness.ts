/**
 * Whether the agents and workflows that a deployment brings are in the registry.
 *
 * Invariants (tests cite them):
 * readiness/Y1 the installation is healthy from the moment on at which all of them are registered, and not before
 * readiness/Y2 a request that fails while they are not is told to come again: what it lacks may be registered in a moment
 * readiness/Y3 a request that can be served meanwhile is served: an update of a running installation is no outage
 */
import type { Caller } from '../../domain/caller.ts'
import { isOrchestratorError, OrchestratorError } from '../../domain/errors.ts'
import type { Ports } from '../../ports/index.ts'

/** How many of each a deployment brings; it is known when the stacks are synthesized. */
export type Expected = { agents: number; workflows: number }
type Count = { registered: number; expected: number }
export type Readiness = { agents: Count; workflows: Count }
type Needs = Pick<Ports, 'agents' | 'workflows'> & { expected?: Expected | undefined }

const RETRY_SECONDS = 5

/** Throws StartingError until all are registered (readiness/Y1). */
export const checkHealth = (ports: Needs) => async (_input: object, _caller: Caller) => {
  const found = await readinessOf(ports)
  if (isStarting(found)) throw startingError(found)
  return {
    status: 'ok' as const,
    agents: found.agents.registered,
    workflows: found.workflows.registered,
  }
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
      const found = await readinessOf(ports)
      throw isStarting(found) ? startingError(found, error) : error
    }
  }

/** Agents and workflows that are gone count as registered: this deployment, or one before it, has brought them. */
async function readinessOf({ agents, workflows, expected }: Needs): Promise<Readiness> {
  const [found, known] = await Promise.all([agents.listAgents(), workflows.listWorkflows()])
  const count = (registered: number, of: number | undefined): Count => ({ registered, expected: of ?? 0 })
  return {
    agents: count(found.length, expected?.agents),
    workflows: count(known.length, expected?.workflows),
  }
}

const isStarting = ({ agents, workflows }: Readiness): boolean =>
  agents.registered < agents.expected || workflows.registered < workflows.expected

const isRefusal = ({ status }: OrchestratorError): boolean => status >= 400 && status < 500

function startingError(starting: Readiness, cause?: OrchestratorError): OrchestratorError {
  const { agents, workflows } = starting
  const why = cause === undefined ? '' : `, and without the others: ${cause.message}`
  const message =
    `the installation is starting: ${agents.registered} of ${agents.expected} agents and ` +
    `${workflows.registered} of ${workflows.expected} workflows are registered${why}; send it again in ${RETRY_SECONDS} s`
  const headers = { 'retry-after': String(RETRY_SECONDS) }
  return new OrchestratorError('StartingError', message, { starting, headers }, cause)
}
