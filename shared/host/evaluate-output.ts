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
import { describeLacks, type Evaluation, evaluationOf } from '../domain/evaluation.ts'
import { parsePath } from '../domain/instance-path.ts'
import type { Json } from '../domain/json.ts'
import { checkOutput } from '../workflow/evaluation/check-output.ts'
import type { HostPorts } from './host-ports.ts'
import type { StepRun } from './step-run.ts'

type Needs = Pick<HostPorts, 'values'>
type Answered = { input: Json; output: Json }

/** Undefined for a step without `evaluate`. Throws EvaluationFailedError for a score below `atLeast`. */
export async function evaluateOutput(
  ports: Needs,
  run: StepRun,
  answered: Answered,
): Promise<Evaluation | undefined> {
  const evaluation = await evaluationIn(ports, run, answered)
  if (!evaluation || !isTooLow(run, evaluation)) return evaluation
  run.evaluation = evaluation
  const { own, plan } = run
  const { atLeast } = stepOf(plan, own.path).evaluate ?? {}
  const message = `the output has the score ${evaluation.score}, and evaluate.atLeast is ${atLeast}: ${describeLacks(evaluation)}`
  throw new OrchestratorError('EvaluationFailedError', message, { score: evaluation.score })
}

/** The same, with undefined for a score below `atLeast`: of an output that another step has left, which is no attempt. */
export async function evaluateReused(
  ports: Needs,
  run: StepRun,
  answered: Answered,
): Promise<{ evaluation?: Evaluation } | undefined> {
  const evaluation = await evaluationIn(ports, run, answered)
  if (!evaluation) return {}
  return isTooLow(run, evaluation) ? undefined : { evaluation }
}

async function evaluationIn(
  { values }: Needs,
  { own, plan, needed }: StepRun,
  { input, output }: Answered,
): Promise<Evaluation | undefined> {
  const { evaluate } = stepOf(plan, own.path)
  if (!evaluate) return undefined
  const task = { id: own.taskId, type: plan.type, metadata: plan.metadata }
  const { scope } = parsePath(own.path)
  const { rules, citations } = evaluate
  const template = { rules, citations }
  const records = await needed
  const names = await namesForExpressions(values, { task, plan, scope, path: own.path, records, template })
  return evaluationOf(await checkOutput(evaluate, { output, names: { ...names, stepInput: input } }))
}

const isTooLow = ({ own, plan }: StepRun, { score }: Evaluation): boolean =>
  score < (stepOf(plan, own.path).evaluate?.atLeast ?? 0)
