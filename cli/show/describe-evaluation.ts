import type { Check, Evaluation } from '../../shared/domain/evaluation.ts'
import { style } from './output.ts'
import { inOneLine, visible } from './visible.ts'

/** A score as people read it: at most two digits, so that only a full score is 1. */
export const scoreText = (score: number): string =>
  String(score > 0.99 && score < 1 ? 0.99 : Math.round(100 * score) / 100)

/** The score of a step's output, and each of its checks. */
export function evaluationLines({ evaluation }: { evaluation?: Evaluation | undefined }): string[] {
  if (!evaluation) return []
  return [`\n${style('bold', 'evaluation')}  ${scoreText(evaluation.score)}`, ...checkLines(evaluation)]
}

/** A line for each check; none where there is no evaluation, or its checks are not kept. */
export const checkLines = (evaluation: Evaluation | undefined): string[] =>
  (evaluation?.checks ?? []).map(lineOf)

function lineOf({ kind, name, score, reason }: Check): string {
  const what = kind === 'rule' ? `rule "${visible(name)}"` : name
  return `  ${scoreText(score)}  ${what}${reason === undefined ? '' : `: ${inOneLine(reason)}`}`
}
