import { describeLacks } from '../../shared/domain/evaluation.ts'
import { scoreText } from '../show/describe-evaluation.ts'
import { duration } from '../show/duration.ts'
import { usd } from '../show/money.ts'
import { say, style } from '../show/output.ts'
import { printTable } from '../show/table.ts'
import { print } from '../show/terminal.ts'
import { visible } from '../show/visible.ts'
import { LEAST_P } from './confidence.ts'
import type { Result } from './run-cases.ts'
import type { Comparison, Summary } from './summary.ts'

export type Report = {
  results: readonly (readonly Result[])[]
  summaries: readonly Summary[]
  comparison?: Comparison | undefined
}

/** The table of cases, a line for each version, and how they compare. */
export function printEvaluation({ results, summaries, comparison }: Report): void {
  const [own = [], others] = results
  const header = ['case', 'score', ...(others ? ['against', ''] : []), 'time', 'cost', 'what it lacks']
  const rows = own.map((one, at) => [
    visible(one.id),
    scoreText(one.evaluation.score),
    ...(others ? againstOf(one, others[at]) : []),
    timeOf(one.seconds),
    one.costUsd > 0 ? usd(one.costUsd) : '',
    describeLacks(one.evaluation),
  ])
  printTable(header, rows)
  print('')
  for (const summary of summaries) say(summaryLine(summary), 4)
  const [first] = summaries
  if (first?.tags) printTags(summaries)
  if (comparison) say(comparisonLine(comparison), 4)
}

function againstOf({ evaluation }: Result, other: Result | undefined): string[] {
  const score = other?.evaluation.score ?? 0
  const difference = evaluation.score - score
  const sign = difference === 0 ? '' : difference > 0 ? '+' : '-'
  return [scoreText(score), difference === 0 ? '' : `${sign}${scoreText(Math.abs(difference))}`]
}

export function summaryLine({ label, cases, score, interval, ...spent }: Summary): string {
  const [least, most] = interval.map(scoreText)
  const facts = [
    `${cases} ${cases === 1 ? 'case' : 'cases'}`,
    spent.costUsd > 0 ? usd(spent.costUsd) : '',
    spent.tokens > 0 ? `${spent.tokens} tokens` : '',
    spent.medianSeconds === undefined ? '' : `half within ${timeOf(spent.medianSeconds)}`,
  ].filter(Boolean)
  return `${style('bold', visible(label))}  ${scoreText(score)}  (95 %: ${least} to ${most}, Wilson)  ${facts.join(', ')}`
}

function printTags(summaries: readonly Summary[]): void {
  const names = Object.keys(summaries[0]?.tags ?? {})
  const rows = names.map((name) => [
    visible(name),
    String(summaries[0]?.tags?.[name]?.cases ?? 0),
    ...summaries.map(({ tags }) => scoreText(tags?.[name]?.score ?? 0)),
  ])
  print('')
  printTable(['tag', 'cases', ...summaries.map(({ label }) => visible(label))], rows)
  print('')
}

export function comparisonLine(comparison: Comparison): string {
  const { against, difference, better, equal, worse, verdict, p } = comparison
  const sign = difference < 0 ? '-' : '+'
  const told = verdict === 'no clear difference' ? verdict : `${verdict} than ${visible(against)}`
  return `${style('bold', told)}  ${sign}${Math.abs(difference).toFixed(3)} on average: better in ${better}, equal in ${equal}, worse in ${worse} (paired permutation test, p = ${p.toPrecision(2)}; clear below ${LEAST_P})`
}

const timeOf = (seconds: number | undefined): string =>
  seconds === undefined ? '' : duration(1_000 * seconds)
