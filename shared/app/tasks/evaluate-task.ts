import { isOrchestratorError, OrchestratorError } from '../../domain/errors.ts'
import { describeLacks, type Evaluation, EvaluationSchema, evaluationOf } from '../../domain/evaluation.ts'
import type { Json } from '../../domain/json.ts'
import type { StepRecord } from '../../domain/step.ts'
import type { OpenTask } from '../../domain/task.ts'
import type { Plan, Ports } from '../../ports/index.ts'
import { checkOutput } from '../../workflow/evaluation/check-output.ts'
import { namesForExpressions } from '../steps/expression-names.ts'

type Ended = { task: OpenTask; plan: Plan; steps: readonly StepRecord[]; output: Json }

/** What the workflow's `evaluate` says of its output; undefined without one. Throws EvaluationFailedError for a score below `atLeast`. */
export async function evaluationOfTask(
  ports: Pick<Ports, 'values' | 'sharedState'>,
  { task, plan, steps, output }: Ended,
): Promise<Evaluation | undefined> {
  const { evaluate } = plan.workflow
  if (!evaluate) return undefined
  const { rules, citations, atLeast = 0 } = evaluate
  const template = { rules, citations }
  const names = await namesForExpressions(ports, { task, plan, scope: '', records: steps, template })
  const evaluation = evaluationOf(await checkOutput(evaluate, { output, names }))
  if (evaluation.score >= atLeast) return evaluation
  const message = `it has the score ${evaluation.score}, and evaluate.atLeast is ${atLeast}: ${describeLacks(evaluation)}`
  throw new OrchestratorError('EvaluationFailedError', message, { evaluation })
}

/** The evaluation that `evaluationOfTask` has thrown. */
export function refusedBy(error: unknown): Evaluation | undefined {
  if (!isOrchestratorError(error, 'EvaluationFailedError')) return undefined
  return EvaluationSchema.safeParse(error.details.evaluation).data
}
