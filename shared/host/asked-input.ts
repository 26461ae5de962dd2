import type { DefinedAgent } from '../agent/index.ts'
import { keepInput, type Resolved } from '../app/steps/resolve-step.ts'
import type { StoredValue } from '../domain/step.ts'
import type { HostPorts } from './host-ports.ts'
import { judgeRole } from './judge-output.ts'
import type { Loading } from './load-step.ts'
import { resolveInput } from './resolve-call.ts'

/** What a step asks of its agent, and where that is kept; or why it cannot be told; or nothing, where the step has ended, or its output waits for a judge, which this call is or not. */
export type Asked =
  | { resolved: Resolved; kept?: StoredValue | undefined }
  | { failure: unknown; judge?: boolean }
  | { ended: true }
  | { judge: boolean }

/**
 * Evaluates the step before it is taken over, so that the write which begins the attempt has its input (host/H7). Throws nothing: a failure
 * is one of the attempt, which begins all the same. A step that replays its receipt is not evaluated: its input may be large.
 */
export async function askedInput(
  { values, steps, sharedState }: Pick<HostPorts, 'values' | 'steps' | 'sharedState'>,
  agent: DefinedAgent,
  { own, planned, hasEnded, chosen, needed, log }: Loading,
): Promise<Asked> {
  try {
    if (await hasEnded) return { ended: true }
    const role = await judgeRole({ steps }, own, await planned)
    if (role) return { judge: role === 'judge' }
  } catch (failure) {
    // An output may wait, and stays (judging/W1).
    return { failure, judge: false }
  }
  try {
    const resolved = await resolveInput(
      { values, sharedState },
      { agent, own, plan: await planned, needed },
      await chosen,
    )
    if (resolved.kind === 'skip') return { resolved }
    const kept = await keepInput(values, own.taskId, resolved.input, (reason) =>
      log.warn('input not kept', { reason: String(reason) }),
    )
    return { resolved, kept }
  } catch (failure) {
    return { failure }
  }
}
