/**
 * The judge of an output: a call of another agent for the same step, after the call that has made the output.
 *
 * Invariants (tests cite them):
 * judging/W1 an output that waits for its judge is stored, and is the step's as soon as the judge has answered, whichever worker dies in between; its
 *    agent is not called again for it
 * judging/W2 the judge is a call like any other: admitted, paid from the task's budget, with a deadline, a transcript and a failover, and cancelled
 *    with the task
 * judging/W4 what becomes of the judge says nothing about the agent of the output: neither its attempts, nor its statistics, nor its breaker, nor the
 *    numbers of its attempts; and the other way round
 * judging/W3 attempt, score and quality are those of the agent that has made the output, not of its judge
 */
import { roleIn } from '../app/steps/judging/for-judge.ts'
import { stepOf } from '../app/steps/plan-paths.ts'
import { OrchestratorError } from '../domain/errors.ts'
import { type Check, evaluationOf, type JudgeCall } from '../domain/evaluation.ts'
import type { Json } from '../domain/json.ts'
import { ownOf } from '../domain/own.ts'
import type { Judging, StoredValue } from '../domain/step.ts'
import { superseded } from '../domain/superseded.ts'
import { millisecondsBetween } from '../domain/times.ts'
import { withoutUndefined } from '../domain/without-undefined.ts'
import type { Ownership, Plan } from '../ports/index.ts'
import { checkJudgement, JUDGE } from '../workflow/evaluation/check-judgement.ts'
import { admitCall } from './admit-call.ts'
import { parseWith } from './checked-values.ts'
import { evaluateOf, requireScore } from './evaluate-output.ts'
import type { HostPorts } from './host-ports.ts'
import type { Call } from './resolve-call.ts'
import { outputOf, runAgent } from './run-agent.ts'
import type { Limits, StepOutcome, StepRun } from './step-run.ts'

type Made = { call: Call; output: StoredValue; checks: Check[] }

/** Records the output that waits for its judge (judging/W1); returns the error by which the call ends, so that the rebinder calls the judge. */
export async function handToJudge(
  { steps, clock, code }: Pick<HostPorts, 'steps' | 'clock' | 'code'>,
  { own, agent, agentId, record, call: admitted }: StepRun,
  { call, output, checks }: Made,
): Promise<OrchestratorError> {
  const { costUsd, tokens } = admitted?.spending.told() ?? {}
  const judging: Judging = withoutUndefined({
    agentId,
    agentVersion: agent.manifest.version,
    agentCode: await code,
    capability: call.capability.name,
    attemptsBefore: record.attempts.length,
    startedAt: record.startedAt,
    endedAt: clock.now().toISOString(),
    output,
    checks: checks.length > 0 ? (evaluationOf(checks).checks ?? []) : [],
    costUsd,
    tokens,
  })
  if (!(await steps.noteStep(own, { judging }))) throw superseded(own.path)
  return pending(own.path)
}

/**
 * Whether a call is to judge the output of the step, and not to make one; `pending` where the call that has made the output is repeated
 * (judging/W1). Every other call of a step whose output waits is one that the rebinder has given to a judge: also where its agent cannot judge, so
 * that it fails, and is not given the step again. Reads the record of a judged step only.
 */
export async function judgeRole(
  { steps }: Pick<HostPorts, 'steps'>,
  { taskId, path }: Ownership,
  plan: Plan,
): Promise<'judge' | 'pending' | undefined> {
  if (!stepOf(plan, path).evaluate?.judge) return undefined
  const [record] = await steps.findSteps(taskId, [path])
  return roleIn(record)
}

export const pending = (path: string): OrchestratorError =>
  new OrchestratorError('JudgementPendingError', `the output of step "${path}" waits for its judge`)

/** Has the agent judge the output that waits. Throws EvaluationFailedError for a score below `atLeast`, and what a call of an agent throws. */
export async function judgeOutput(ports: HostPorts, run: StepRun, limits: Limits): Promise<StepOutcome> {
  const { record, own } = run
  const { judging } = record
  const { judge } = evaluateOf(run) ?? {}
  if (!judging || !judge) throw superseded(own.path)
  const output = await ports.values.loadValue(judging.output)
  const call = callOf(run, withoutUndefined({ output, rubric: judge.rubric, model: judge.model }))
  run.call = await admitCall(ports, run, limits)
  const { spending } = run.call
  const answer = await runAgent(ports, run, call, { ...limits, ...run.call })
  const judgement = checkJudgement(await outputOf(ports, run, call, answer), output)
  if ('fault' in judgement) throw new OrchestratorError('AgentOutputError', judgement.fault)
  const checks = [...judging.checks, judgement]
  const { agentId, agentVersion, agentCode, startedAt } = judging
  const by = judgeCall(ports, run)
  requireScore(run, checks, checks, by)
  const evaluation = { ...evaluationOf(checks), judge: by }
  return {
    ...{ status: 'succeeded', output: judging.output, evaluation, agentId, agentVersion, startedAt },
    ...withoutUndefined({ agentCode }),
    ...spending.told(),
  }
}

function judgeCall(
  { clock }: Pick<HostPorts, 'clock'>,
  { agent, agentId, record, call }: StepRun,
): JudgeCall {
  const { costUsd, tokens } = call?.spending.told() ?? {}
  return withoutUndefined({
    agentId,
    agentVersion: agent.manifest.version,
    durationMs: millisecondsBetween(record.startedAt, clock.now().toISOString()),
    costUsd,
    tokens,
  })
}

function callOf({ agent }: StepRun, input: Json): Call {
  const capability = ownOf(agent.capabilities, JUDGE)
  if (!capability)
    throw new OrchestratorError('AgentFailedError', `${agent.manifest.id} does not offer ${JUDGE}`)
  const parsed = parseWith(agent, capability.input, input, (issues) => {
    return new OrchestratorError('AgentFailedError', `the input does not fit ${JUDGE}: ${issues}`)
  })
  return { capability: { name: JUDGE, ...capability }, input, parsed }
}
