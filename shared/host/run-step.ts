/**
 * The agent host: runs one invocation of a step, from the payload of Step Functions to the receipt that is returned to
 * it.
 *
 * Invariants (tests cite them):
 * host/H1 a step that has ended replays its receipt; its agent is not called again
 * host/H2 only the invocation with the highest fence writes; a superseded one gets StepSupersededError and changes
 *    nothing
 * host/H3 a failed attempt is recorded before its error leaves the host
 * host/H4 a step that has ended, or replays its receipt, signals the gates that wait for it
 * host/H5 an attempt is counted for its agent once at most, and by the invocation that has noted its end
 * host/H6 an attempt whose worker has died is noted and counted by the next owner of the step, and what it had reserved is settled
 * host/H7 the write that begins an attempt has its input and the agent's version: both are seen while the agent works, and after its worker
 *    has died. An input that cannot be kept costs no step
 * host/H8 a replay reads no more than the step's own record: neither its needs, nor its input, which is not evaluated or stored again
 * host/H10 a step that waits still is not taken over, and its agent is not called: the call answers as the one that has suspended it
 * host/H9 an agent that names tenants works for these alone, whoever has registered its function under whatever id
 */
import type { DefinedAgent } from '../agent/index.ts'
import { checkStepState } from '../app/steps/state/step-state.ts'
import { withinTenant } from '../app/tenants/within-tenant.ts'
import { evaluationOf } from '../domain/evaluation.ts'
import type { Receipt } from '../domain/step.ts'
import { superseded } from '../domain/superseded.ts'
import { admitCall } from './admit-call.ts'
import { type Asked, askedInput } from './asked-input.ts'
import { type EndedStep, recordEnd, tellEnd } from './end-step.ts'
import { evaluateOf, evaluateOutput, evaluateReused } from './evaluate-output.ts'
import { failAttempt } from './fail-attempt.ts'
import type { HostPorts, Invocation } from './host-ports.ts'
import { handToJudge, judgeOutput, pending } from './judge-output.ts'
import { loadStep } from './load-step.ts'
import { maskedFailure, maskedPorts } from './masked-ports.ts'
import { outputCache } from './output-cache.ts'
import { ownStep } from './own-step.ts'
import { validateCall } from './resolve-call.ts'
import { outputOf, runAgent } from './run-agent.ts'
import type { Limits, StepOutcome, StepRun } from './step-run.ts'
import type { Suspending } from './suspending/suspending-part.ts'
import { withinDeadline } from './within-deadline.ts'

/**
 * Runs an agent on the step that `payload` names (see StepPayloadSchema) and returns its receipt. Throws an
 * OrchestratorError for any value that the agent throws, under a name by which the step's state either calls the same
 * agent again or goes to the rebinder (retry-or-leave.ts); a ZodError for an invalid payload; and the errors of the
 * ports.
 */
export function runStep(given: HostPorts) {
  const all = maskedPorts(given)
  return async (agent: DefinedAgent, payload: unknown, invocation: Invocation): Promise<Receipt> => {
    const loading = loadStep(all, payload, invocation)
    // Only then is anything of the host a tenant's.
    const ports = all.statistics.ofTenants ? withinTenant(all, (await loading.planned).tenant) : all
    const asked = await askedInput(ports, agent, loading)
    const { suspending } = ports
    if ('waits' in asked && suspending) {
      const { own, planned, at } = loading
      return suspending.stillSuspended(ports, { own, plan: await planned, at }, asked.waits)
    }
    const owned = await ownStep(ports, agent, loading, asked)
    if (owned.kind === 'ended') return owned.receipt
    const { run } = owned
    const resumed = suspending?.tellResumed(ports, run)
    let ended: EndedStep | Suspending
    try {
      const outcome = await withinDeadline(ports, run, invocation, (limits) =>
        work(ports, run, asked, limits),
      )
      ended = outcome.status === 'suspended' ? outcome : await recordEnd(ports, run, outcome)
    } catch (error) {
      await resumed
      throw await failAttempt(ports, run, maskedFailure(ports.mask, error))
    }
    await resumed
    if (ended.status !== 'suspended') return tellEnd(ports, run, ended)
    if (!suspending) throw superseded(run.own.path)
    return suspending.tell(ports, run, ended)
  }
}

/** From the step's condition to its output. */
async function work(
  ports: HostPorts,
  run: StepRun,
  asked: Asked,
  limits: Limits,
): Promise<StepOutcome | Suspending> {
  if (run.role === 'pending') throw pending(run.own.path)
  if ('failure' in asked) throw asked.failure
  // What has succeeded is not taken over, and so does not come here (steps/P2).
  if ('ended' in asked || 'waits' in asked) throw superseded(run.own.path)
  if ('judge' in asked) return judgeOutput(ports, run, limits)
  const { resolved } = asked
  if (resolved.kind === 'skip') return { status: 'skipped', skipReason: resolved.reason }
  const call = validateCall(run, resolved.input)
  const cache = outputCache(ports, run, call)
  const isResumed = run.turn?.kind === 'resumes'
  const known = isResumed ? undefined : await cache?.find()
  const reused = known && (await evaluateReused(ports, run, { input: call.input, output: known.value }))
  if (known && reused) return { ...known.outcome, ...reused }
  run.call = await admitCall(ports, run, limits)
  const { spending } = run.call
  const resumed = await ports.suspending?.resumedFrom(ports, run.turn)
  const answer = await runAgent(ports, run, call, { ...limits, ...run.call, resumed })
  const suspended = run.turn && (await ports.suspending?.record(ports, run, call, answer))
  if (suspended) return suspended
  const value = await outputOf(ports, run, call, answer)
  const checks = await evaluateOutput(ports, run, { input: call.input, output: value })
  await checkStepState(ports, { ...run, path: run.own.path, needed: () => run.needed }, value)
  const output = await ports.values.storeValue(run.own.taskId, value)
  if (checks && evaluateOf(run)?.judge) throw await handToJudge(ports, run, { call, output, checks })
  await cache?.keep(output)
  const evaluation = checks && { evaluation: evaluationOf(checks) }
  return { status: 'succeeded', output, ...evaluation, ...spending.told() }
}
