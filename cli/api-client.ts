import { setTimeout as delay } from 'node:timers/promises'
import {
  ApiError,
  type InputOf,
  makeClient,
  type OutputOf,
  type PagedId,
  pagesOf,
} from '../shared/client/index.ts'
import type { Problem } from '../shared/contracts/problem-view.ts'
import { ROUTES, type RouteId } from '../shared/contracts/routes.ts'
import { CliError, EXIT } from './cli-error.ts'
import { baseUrl, isLocalUrl, withCredentials } from './identity/credentials.ts'
import { printError } from './show/terminal.ts'

const DEFAULT_URL = 'http://localhost:8000'

/**
 * Calls a route of the API and returns its parsed body. What passes by itself is waited for. Throws CliError with the API's problem document, or when
 * there is no answer in time.
 */
export async function callApi<Id extends RouteId>(
  id: Id,
  input: InputOf<Id>,
  given?: string,
  timeoutSeconds?: number,
): Promise<OutputOf<Id>> {
  const base = given ?? (await baseUrl())
  const timeout = timeoutSeconds === undefined ? {} : { timeoutSeconds }
  const client = makeClient({ baseUrl: base, sign: withCredentials, ...timeout })
  const begun = Date.now()
  for (let isTold = false; ; isTold = true) {
    try {
      return await client(id, input)
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      const wait = waitAfter(id, error, Date.now() - begun)
      if (!wait) throw Object.assign(cliErrorOf(error, base), { cause: error })
      if (!isTold) printError(`waiting${wait.why}`)
      await delay(wait.milliseconds)
    }
  }
}

type Wait = { milliseconds: number; why: string }

/** How long to wait before a refused call is sent again; undefined where that is no use. */
function waitAfter(
  id: RouteId,
  { problem, message, retryAfterSeconds }: ApiError,
  waited: number,
): Wait | undefined {
  if (isStarting(problem) && WAIT_FOR_START.includes(id) && waited <= MOST_STARTING_MILLISECONDS)
    return { milliseconds: STARTING_PAUSE_MILLISECONDS, why: `: ${describeStarting(problem)}` }
  // Commands that read page after page would never come to an end under a small quota, such as an export.
  const isQuota = problem?.type.endsWith(':TooManyRequestsError') && ROUTES[id].method === 'GET'
  if (!isQuota || retryAfterSeconds === undefined || retryAfterSeconds > MOST_QUOTA_SECONDS) return undefined
  if (waited > MOST_QUOTA_MILLISECONDS) return undefined
  return { milliseconds: 1_000 * retryAfterSeconds, why: ` ${retryAfterSeconds} s: ${message}` }
}

/** A quota of requests begins anew each minute; others of the tenant may use it up again. */
const MOST_QUOTA_SECONDS = 60
const MOST_QUOTA_MILLISECONDS = 600_000

/** Calls that are judged by what is deployed: while agents and workflows are still registered, as during a reload, they are sent again. */
const WAIT_FOR_START: readonly RouteId[] = ['makePlan', 'submitTask', 'retryTask', 'forkTask', 'putWorkflow']
const MOST_STARTING_MILLISECONDS = 60_000
const STARTING_PAUSE_MILLISECONDS = 1_000

const isStarting = (problem: Problem | undefined): boolean =>
  problem?.type.endsWith(':StartingError') ?? false

/** Without the refusal by what was deployed before. */
function describeStarting(problem: Problem | undefined): string {
  const { agents, workflows } = problem?.starting ?? {}
  if (!agents || !workflows) return problem?.detail ?? 'the installation is starting'
  const missing = [...(agents.missing ?? []), ...(workflows.missing ?? [])]
  const names = missing.length > 0 ? ` (missing: ${missing.join(', ')})` : ''
  return (
    `a deployment or reload is under way: ${agents.registered} of ${agents.expected} agents and ` +
    `${workflows.registered} of ${workflows.expected} workflows are registered${names}`
  )
}

/** The pages of a route, one after the other. */
export async function* callPages<Id extends PagedId>(
  id: Id,
  input: InputOf<Id>,
): AsyncGenerator<OutputOf<Id>> {
  yield* pagesOf((one: Id, given: InputOf<Id>) => callApi(one, given), id, input)
}

/** Whether the API is that of a local cloud on this machine. */
export const isLocal = async (): Promise<boolean> => isLocalUrl(await baseUrl())

const SIGN_IN =
  'sign in with: npx orchestrator login <url>, or say a key by ORCHESTRATOR_KEY (or a token by ORCHESTRATOR_TOKEN)'

function cliErrorOf({ reason, message, status = 0, problem }: ApiError, base: string): CliError {
  if (reason === 'unreachable') {
    const hint =
      base === DEFAULT_URL ? 'is it running? start it with: npx orchestrator dev' : 'check ORCHESTRATOR_URL'
    return new CliError(`${message}; ${hint}`, EXIT.unreachable)
  }
  if (status === 401)
    return new CliError(
      `${problem?.detail ?? 'this address asks for a token or a key'}; ${SIGN_IN}`,
      EXIT.usage,
      problem,
    )
  if (!problem) return new CliError(message, EXIT.unreachable)
  if (status < 500) return new CliError(message, EXIT.usage, problem)
  if (isStarting(problem)) return new CliError(message, EXIT.unreachable, problem)
  const request = problem.requestId ? `; its logs have it as request ${problem.requestId}` : ''
  return new CliError(`the API has failed (${status}): ${message}${request}`, EXIT.unreachable, problem)
}
