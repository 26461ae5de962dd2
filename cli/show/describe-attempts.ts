import type { StepView } from '../../shared/contracts/views.ts'
import type { Evaluation, JudgeCall } from '../../shared/domain/evaluation.ts'
import { duration } from './duration.ts'
import { usd } from './money.ts'

type Attempt = StepView['attempts'][number]
type Failure = { name: string; message: string }

/** The tries of a step that have failed, and the calls of its judges that have. */
export const attemptsBy = (attempts: readonly Attempt[]): { ofStep: Attempt[]; ofJudges: Attempt[] } => ({
  ofStep: attempts.filter(({ judgeOf }) => judgeOf === undefined),
  ofJudges: attempts.filter(({ judgeOf }) => judgeOf !== undefined),
})

/** `2 failed attempts, 1 failed call of a judge`; empty where there are none. */
export function countsOfAttempts(attempts: readonly Attempt[]): string {
  const { ofStep, ofJudges } = attemptsBy(attempts)
  return [
    counted(ofStep.length, 'failed attempt', 'failed attempts'),
    counted(ofJudges.length, 'failed call of a judge', 'failed calls of judges'),
  ]
    .filter(Boolean)
    .join(', ')
}

const counted = (count: number, one: string, many: string): string =>
  count === 0 ? '' : `${count} ${count === 1 ? one : many}`

/** The error of an attempt; without the checks that are listed below it. */
export function failureOf({ error, evaluation }: Pick<Attempt, 'error' | 'evaluation'>): Failure {
  const { name, message } = error
  const isListed = name === 'EvaluationFailedError' && (evaluation?.checks?.length ?? 0) > 0
  return { name, message: isListed ? message.replace(/(evaluate\.atLeast is [\d.]+): .*$/s, '$1') : message }
}

/** `language@1.2.0 in 2.1 s, 0.002 USD, 312 tokens`: who has judged an output, and what that has cost; empty where it is not known. */
export function judgeText({ judge }: Pick<Evaluation, 'judge'>): string {
  return judge === undefined ? '' : [nameOf(judge), ...spentIn(judge)].join(', ')
}

const nameOf = ({ agentId, agentVersion, durationMs }: JudgeCall): string =>
  `${agentId}${agentVersion === undefined ? '' : `@${agentVersion}`}${durationMs === undefined ? '' : ` in ${duration(durationMs)}`}`

/** `being judged by language since ...`; `waits for a judge since ...`. */
export const judgingText = ({ by, since }: NonNullable<StepView['judging']>): string =>
  `${by === undefined ? 'waits for its judge' : `is judged by ${by}`}; its output was made at ${since}`

/** What a call has cost, where that is known. */
export const spentIn = ({
  costUsd = 0,
  tokens = 0,
}: {
  costUsd?: number | undefined
  tokens?: number | undefined
}): string[] => [costUsd > 0 ? usd(costUsd) : '', tokens > 0 ? `${tokens} tokens` : ''].filter(Boolean)
