import * as z from 'zod'
import { boundedText } from './bounded.ts'

export const CHECK_KINDS = ['rule', 'schema', 'citations', 'judge'] as const

const ScoreSchema = z.number().min(0).max(1)

/** One check of an output, and how well the output has done in it. */
export const CheckSchema = z.object({
  kind: z.enum(CHECK_KINDS),
  name: z.string().describe('The name of a rule; else that of the check'),
  score: ScoreSchema.describe('From 0 (not at all) to 1'),
  reason: z.string().optional().describe('Why it is less than 1, or what the judge says'),
})
export type Check = z.infer<typeof CheckSchema>

/** The call of the judge of an output. */
export const JudgeCallSchema = z.object({
  agentId: z.string(),
  agentVersion: z.string().optional(),
  durationMs: z.number().optional(),
  costUsd: z.number().optional().describe('Part of the cost of the step'),
  tokens: z.number().optional(),
})
export type JudgeCall = z.infer<typeof JudgeCallSchema>

/** What the checks of `evaluate` say of an output. */
export const EvaluationSchema = z.object({
  score: ScoreSchema.describe('The mean of its checks'),
  checks: z.array(CheckSchema).optional().describe('Left out of the later attempts of a step'),
  judge: JudgeCallSchema.optional().describe('Who has judged it; older records do not say it'),
  unjudged: z.string().optional().describe('Why its judge has not scored it, and is not among the checks'),
})
export type Evaluation = z.infer<typeof EvaluationSchema>

/** What a person says of the output of a step. */
export const RatingSchema = z.object({
  score: ScoreSchema.describe('From 0 (useless) to 1'),
  comment: z.string().optional(),
  by: z.string().describe('Who has rated it'),
  at: z.string(),
})
export type Rating = z.infer<typeof RatingSchema>

/** A comment stands in the record of its step, which has one item of the table. */
export const MOST_COMMENT_CHARACTERS = 2_000
export const MOST_REASON_CHARACTERS = 300

/** The evaluation of these checks, of which there is at least one; each counts the same. */
export function evaluationOf(checks: readonly Check[]): Evaluation {
  const sum = checks.reduce((total, { score }) => total + score, 0)
  return { score: roundedScore(sum / checks.length), checks: checks.map(bounded) }
}

const bounded = ({ reason, ...check }: Check): Check => ({
  ...check,
  score: roundedScore(check.score),
  ...(reason === undefined ? {} : { reason: boundedText(reason, MOST_REASON_CHARACTERS) }),
})

/** Four digits tell two outputs apart, and are short to read; the table takes no number that is nearly 0. */
export const roundedScore = (score: number): number => Math.round(score * 1e4) / 1e4

/**
 * The checks with less than their full score, as one line: `rule "is short" 0.5 (...), schema 0 (...)`. What a judge says stays with the step, where it
 * stands whole: a message goes into many places.
 */
export const describeLacks = ({ checks = [] }: Evaluation): string =>
  checks
    .filter(({ score }) => score < 1)
    .map(({ kind, name, score, reason }) => {
      const why = reason === undefined || kind === 'judge' ? '' : ` (${reason})`
      return `${kind === 'rule' ? `rule "${name}"` : name} ${score}${why}`
    })
    .join(', ')
