import type { DefinedAgent } from '../agent/index.ts'
import { bindingAt } from '../app/steps/plan-paths.ts'
import { keepInput, type Resolved } from '../app/steps/resolve-step.ts'
import type { StoredValue } from '../domain/step.ts'
import type { HostPorts } from './host-ports.ts'
import { judgeRole } from './judge-output.ts'
import type { Loading } from './load-step.ts'
import { resolveInput } from './resolve-call.ts'
import type { Begun } from './step-run.ts'
import type { Waiting } from './suspending/suspending-part.ts'

/** What a step asks of its agent, and where that is kept; or why it cannot be told; or nothing, where the step has ended, waits still, or its output waits for a judge, which this call is or not. */
export type Asked =
  | { resolved: Resolved; kept?: StoredValue | undefined; turn?: Begun | undefined }
  | { failure: unknown; judge?: boolean }
  | { ended: true }
  | { judge: boolean }
  | { waits: Waiting }

/**
 * Evaluates the step before it is taken over, so that the write which begins the attempt has its input (host/H7). Throws nothing: a failure
 * is one of the attempt, which begins all the same. A step that replays its receipt is not evaluated: its input may be large.
 */
export async function askedInput(
  ports: HostPorts,
  agent: DefinedAgent,
  { own, planned, hasEnded, chosen, needed, log }: Loading,
): Promise<Asked> {
  const { values, steps, sharedState } = ports
  let turn: Begun | undefined
  try {
    if (await hasEnded) return { ended: true }
    const role = await judgeRole({ steps }, own, await planned)
    if (role) return { judge: role === 'judge' }
    const agentId = bindingAt(await planned, own.path)?.agentId ?? agent.manifest.id
    const call = { own, plan: await planned, agentId }
    const situation = await ports.suspending?.situationOf(ports, call)
    if (situation?.kind === 'waits') return { waits: situation }
    turn = situation
  } catch (failure) {
    // An output may wait, and stays (judging/W1).
    return { failure, judge: false }
  }
  try {
    const resolved = await resolveInput(
      { values, sharedState },
      { agent, own, plan: await planned, needed },
      await chosen,
      turn?.kind === 'resumes',
    )
    if (resolved.kind === 'skip') return { resolved, turn }
    const kept = await keepInput(values, own.taskId, resolved.input, (reason) =>
      log.warn('input not kept', { reason: String(reason) }),
    )
    return { resolved, kept, turn }
  } catch (failure) {
    return { failure }
  }
}
