/** How long a step waits when all its agents are busy (rebind/B8), and what a repeated call of the rebinder answers (rebind/B6). */
import { isSameEntry, type RebindAnswer } from '../../contracts/step-payload.ts'
import { REFUSALS } from '../../domain/errors.ts'
import { seededRandom } from '../../domain/random.ts'
import type { Attempt, StepRecord } from '../../domain/step.ts'
import { secondsUntil } from '../../domain/times.ts'
import type { Ownership, Ports } from '../../ports/index.ts'
import type { Failure } from './settle-failure.ts'

/** The inputs of a step's wait. */
export type Wait = {
  ports: Pick<Ports, 'clock'>
  record: StepRecord
  own: Ownership
  failure: Failure
  /** The retry-after time of an agent that was too busy. */
  askAgainAt: string | undefined
}

const LEAST_WAIT_SECONDS = 2
const MOST_WAIT_SECONDS = 600
/** Up to this time waits grow with the time already waited; afterwards they are a share of it. */
export const SHORT_WAIT_SECONDS = 60
const LONG_WAIT_SHARE = 0.2
/** The longest wait of a step for busy agents (rebind/B8): an execution's history is finite. */
export const LONGEST_BUSY_SECONDS = 4 * 3_600
/** The longest retry-after that an agent may ask for. */
const MOST_WISHED_SECONDS = 900
/** Lambda's error when the account's concurrency is used up, so it says nothing about the agent. */
const THROTTLED = 'Lambda.TooManyRequestsException'

export const isRefusal = ({ name }: Failure): boolean =>
  name === THROTTLED || REFUSALS.some((refusal) => refusal === name)

/** Not a failure: a later invocation has taken over, or the call goes on from where it was. The same agent is called again. */
export const isSame = ({ name }: Failure): boolean =>
  name === 'StepSupersededError' || name === 'AgentContinuesError'

export const secondsBusy = ({ ports, record }: Wait): number => {
  const now = ports.clock.now().getTime()
  return record.busySince === undefined ? 0 : (now - Date.parse(record.busySince)) / 1_000
}

export const hasWaitedLongEnough = (wait: Wait): boolean =>
  isRefusal(wait.failure) && secondsBusy(wait) > LONGEST_BUSY_SECONDS

/** Whole seconds until the retry-after time of a failed attempt; 0 when the agent has named none. */
export const secondsUntilAsked = (
  { clock }: Pick<Ports, 'clock'>,
  { askAgainAt }: Pick<Attempt, 'askAgainAt'>,
): number => (askAgainAt === undefined ? 0 : Math.max(0, Math.ceil(secondsUntil(askAgainAt, clock.now()))))

/**
 * The wait before the next call: at first the time until an agent is expected to be free, then growing with the time
 * already waited (back-off). Jitter spreads the calls of steps that wait for the same agents. Never shorter than the
 * agent's retry-after time.
 */
export function waitingSeconds(wait: Wait, first: number): number {
  const { ports, own, askAgainAt } = wait
  const waited = secondsBusy(wait)
  const grown = Math.min(waited, Math.max(SHORT_WAIT_SECONDS, LONG_WAIT_SHARE * waited))
  const most = Math.min(MOST_WAIT_SECONDS, Math.max(LEAST_WAIT_SECONDS, first, grown))
  const random = seededRandom(`${own.taskId} ${own.path} ${own.fence}`)
  const wished = askAgainAt === undefined ? 0 : Math.ceil(secondsUntil(askAgainAt, ports.clock.now()))
  return Math.max(1, Math.round(most * (0.5 + random() / 2)), Math.min(wished, MOST_WISHED_SECONDS))
}

/** The answer that this call has already given, when it is repeated after a crash (rebind/B6). */
export async function answeredBefore(
  { agents, clock }: Pick<Ports, 'agents' | 'clock'>,
  { status, reboundBy = '', agentId = '', attempts }: StepRecord,
  fence: string,
  turn: number,
): Promise<RebindAnswer | undefined> {
  if (status !== 'running' || reboundBy === '' || !isSameEntry(reboundBy, fence)) return undefined
  const agent = await agents.findAgent(agentId)
  const last = attempts.at(-1)
  const waitSeconds = last?.agentId === agentId ? secondsUntilAsked({ clock }, last) : 0
  return agent && { rebound: { functionArn: agent.functionArn, agentId, waitSeconds }, turn: turn + 1 }
}

/** Excludes agents that have just refused a call, for a while. */
export function withoutBusy(
  excluded: ReadonlyMap<string, string>,
  failure: Failure,
  { agentId }: StepRecord,
): ReadonlyMap<string, string> {
  const isBusy = agentId !== undefined && isRefusal(failure)
  return isBusy ? new Map([...excluded, [agentId, failure.message]]) : excluded
}
