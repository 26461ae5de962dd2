import type { Check, Evaluation, Rating } from '../../shared/domain/evaluation.ts'
import { judgeText } from './describe-attempts.ts'
import { style } from './output.ts'
import { inOneLine, visible } from './visible.ts'

/** A score as people read it: at most two digits, so that only a full score is 1. */
export const scoreText = (score: number): string =>
  String(score > 0.99 && score < 1 ? 0.99 : Math.round(100 * score) / 100)

/** The score of an output with each of its checks, and what a person says of it. */
export function evaluationLines({ evaluation, rating }: Evaluated): string[] {
  const checked = evaluation
    ? [`\n${style('bold', 'evaluation')}  ${scoreText(evaluation.score)}`, ...checkLines(evaluation)]
    : []
  return rating ? [...checked, `\n${style('bold', 'rated')}  ${ratingText(rating)}`] : checked
}

type Evaluated = { evaluation?: Evaluation | undefined; rating?: Rating | undefined }

/** `0.8 by ana: too long`. */
export const ratingText = ({ score, by, comment }: Pick<Rating, 'score' | 'by' | 'comment'>): string =>
  `${scoreText(score)} by ${inOneLine(by)}${comment === undefined ? '' : `: ${inOneLine(comment)}`}`

/** A line for each check; none where there is no evaluation, or its checks are not kept. */
export const checkLines = (evaluation: Evaluation | undefined): string[] => [
  ...(evaluation?.checks ?? []).map(lineOf),
  ...(evaluation?.judge ? [`  judged by ${judgeText(evaluation)}`] : []),
  ...(evaluation?.unjudged === undefined ? [] : [`  not judged: ${inOneLine(evaluation.unjudged)}`]),
]

function lineOf({ kind, name, score, reason }: Check): string {
  const what = kind === 'rule' ? `rule "${visible(name)}"` : name
  return `  ${scoreText(score)}  ${what}${reason === undefined ? '' : `: ${inOneLine(reason)}`}`
}
