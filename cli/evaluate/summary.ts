import { LEAST_P, meanOf, pOfWorse, wilsonInterval } from './confidence.ts'
import type { Result } from './run-cases.ts'

/** What one version of a workflow has come to. */
export type Summary = {
  label: string
  cases: number
  /** The mean score. */
  score: number
  /** 95 %, Wilson. */
  interval: [least: number, most: number]
  costUsd: number
  tokens: number
  medianSeconds?: number
  /** By tag, where cases have tags. */
  tags?: Record<string, { cases: number; score: number }>
}

/** Two versions on the same cases; `p` is that of a paired permutation test, one-sided. */
export type Comparison = {
  against: string
  /** The mean difference of the scores, above 0 where the first version is better. */
  difference: number
  better: number
  equal: number
  worse: number
  verdict: 'better' | 'worse' | 'no clear difference'
  p: number
}

export function summaryOf(label: string, results: readonly Result[]): Summary {
  const scores = results.map(scoreOf)
  const seconds = results.flatMap((one) => one.seconds ?? []).sort((a, b) => a - b)
  const middle = seconds[Math.floor((seconds.length - 1) / 2)]
  const names = [...new Set(results.flatMap(({ tags }) => tags))].sort()
  const tags = names.map((name) => {
    const own = results.filter((one) => one.tags.includes(name)).map(scoreOf)
    return [name, { cases: own.length, score: meanOf(own) }] as const
  })
  return {
    label,
    cases: results.length,
    score: meanOf(scores),
    interval: wilsonInterval(scores),
    costUsd: sumOf(results.map((one) => one.costUsd)),
    tokens: sumOf(results.map((one) => one.tokens)),
    ...(middle === undefined ? {} : { medianSeconds: middle }),
    ...(tags.length > 0 ? { tags: Object.fromEntries(tags) } : {}),
  }
}

/** Compares results of the same cases, in the same order. */
export function compare(results: readonly Result[], against: readonly Result[], label: string): Comparison {
  const differences = results.map((one, at) => scoreOf(one) - (against[at] ? scoreOf(against[at]) : 0))
  const [asLow, asHigh] = [pOfWorse(differences), pOfWorse(differences.map((one) => -one))]
  const count = (fits: (difference: number) => boolean): number => differences.filter(fits).length
  return {
    against: label,
    difference: meanOf(differences),
    better: count((one) => one > 0),
    equal: count((one) => one === 0),
    worse: count((one) => one < 0),
    verdict: asLow < LEAST_P ? 'worse' : asHigh < LEAST_P ? 'better' : 'no clear difference',
    p: Math.min(asLow, asHigh),
  }
}

const scoreOf = ({ evaluation }: Result): number => evaluation.score

const sumOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0)
