/**
 * The checks of a step's `evaluate`, after its agent has answered.
 *
 * Invariants (tests cite them):
 * evaluation/U1 an attempt whose output has a score below `atLeast` has failed, as one whose agent has thrown: it is told with its score, the
 *    step is done again or by another agent, and the output is neither kept nor reused
 * evaluation/U2 the score is the quality of the call in the agent's statistics, whether the attempt has failed by it or not
 */
import { namesForExpressions } from '../app/steps/expression-names.ts'
import { stepOf } from '../app/steps/plan-paths.ts'
import { OrchestratorError } from '../domain/errors.ts'
import {
  type Check,
  describeLacks,
  type Evaluation,
  evaluationOf,
  type JudgeCall,
} from '../domain/evaluation.ts'
import { parsePath } from '../domain/instance-path.ts'
import type { Json } from '../domain/json.ts'
import { checkOutput } from '../workflow/evaluation/check-output.ts'
import type { StepEvaluate } from '../workflow/evaluation/evaluate-schema.ts'
import type { HostPorts } from './host-ports.ts'
import type { StepRun } from './step-run.ts'

type Needs = Pick<HostPorts, 'values' | 'sharedState'>
type Answered = { input: Json; output: Json }

/** The checks of a step with `evaluate`; undefined for another. Throws EvaluationFailedError for a score below `atLeast`, which no judge could raise. */
export async function evaluateOutput(
  ports: Needs,
  run: StepRun,
  answered: Answered,
): Promise<Check[] | undefined> {
  const checks = await checksIn(ports, run, answered)
  if (checks) requireScore(run, checks, evaluateOf(run)?.judge ? [...checks, AT_BEST] : checks)
  return checks
}

const AT_BEST: Check = { kind: 'judge', name: 'judge', score: 1 }

/** The evaluation of an output that another step has left, which is no attempt; undefined where its score is below `atLeast`. */
export async function evaluateReused(
  ports: Needs,
  run: StepRun,
  answered: Answered,
): Promise<{ evaluation?: Evaluation } | undefined> {
  const checks = await checksIn(ports, run, answered)
  if (!checks) return {}
  const evaluation = evaluationOf(checks)
  return evaluation.score < (evaluateOf(run)?.atLeast ?? 0) ? undefined : { evaluation }
}

/** Throws EvaluationFailedError where the score of `counted` is below `atLeast`; `checks` are those that are told, with the call of the judge. */
export function requireScore(
  run: StepRun,
  checks: readonly Check[],
  counted = checks,
  judge?: JudgeCall,
): void {
  const { atLeast = 0 } = evaluateOf(run) ?? {}
  if (evaluationOf(counted).score >= atLeast) return
  const evaluation = { ...evaluationOf(checks), ...(judge ? { judge } : {}) }
  run.evaluation = evaluation
  const message = `the output has the score ${evaluation.score}, and evaluate.atLeast is ${atLeast}: ${describeLacks(evaluation)}`
  throw new OrchestratorError('EvaluationFailedError', message, { score: evaluation.score })
}

async function checksIn(
  ports: Needs,
  run: StepRun,
  { input, output }: Answered,
): Promise<Check[] | undefined> {
  const { own, plan, needed } = run
  const evaluate = evaluateOf(run)
  if (!evaluate) return undefined
  const task = { id: own.taskId, type: plan.type, metadata: plan.metadata }
  const { scope } = parsePath(own.path)
  const { rules, citations } = evaluate
  const template = { rules, citations }
  const records = await needed
  const names = await namesForExpressions(ports, { task, plan, scope, path: own.path, records, template })
  return checkOutput(evaluate, { output, names: { ...names, stepInput: input } })
}

export const evaluateOf = ({ plan, own }: StepRun): StepEvaluate | undefined =>
  stepOf(plan, own.path).evaluate
