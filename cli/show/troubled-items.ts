import type { StepView } from '../../shared/contracts/views.ts'
import { withoutLastWords } from '../../shared/domain/last-words.ts'
import { shellWord } from '../../shared/domain/shell-word.ts'
import { callApi } from '../api-client.ts'
import { countsOfAttempts } from './describe-attempts.ts'
import { say, statusText } from './output.ts'
import { inOneLine } from './visible.ts'
import { itemsOf } from './watch-task.ts'

const MOST_FAILED = 10
/** Only among the first items are those looked for that have succeeded after failed attempts. */
const MOST_LOOKED_AT = 200

/**
 * Prints of a fan-out or a loop how much of it is done, what in it has failed or needed several attempts, and the command for one of them:
 * its own record does not say why it failed. Prints nothing for another step.
 */
export async function printTroubledItems(id: string, { stepId, items, round }: StepView, command: string) {
  if (!items && round === undefined) return
  say(items ? `items: ${itemsOf(items)}` : `rounds: ${round}`)
  const [failed, first] = await Promise.all([
    callApi('listTaskSteps', { id, under: stepId, status: 'failed', limit: MOST_FAILED }),
    callApi('listTaskSteps', { id, under: stepId, limit: MOST_LOOKED_AT }),
  ])
  const retried = first.steps.filter(
    ({ status, attempts, decision }) => status !== 'failed' && (attempts.length > 0 || decision?.inPlaceOf),
  )
  const shown = [...failed.steps, ...retried].slice(0, MOST_FAILED)
  for (const item of shown) say(`  ${describe(item)}`, 4)
  if (failed.cursor || failed.steps.length + retried.length > shown.length)
    say(`  ... and more: npx orchestrator steps ${id} --under ${shellWord(stepId)}`)
  const [one] = shown
  if (one) say(`more of one: npx orchestrator ${command} ${id} ${shellWord(one.stepId)}`)
}

/** `readings[0]  failed after 3 failed attempts: Error: no answer`; `readings[1]  succeeded by guess, a fallback, in place of ...`. */
function describe({ stepId, status, agentId = '', attempts, error, decision }: StepView): string {
  const counts = countsOfAttempts(attempts)
  const by = decision?.inPlaceOf ? ` by ${agentId}, ${inOneLine(decision.reason)}` : ''
  const after = counts === '' ? '' : ` after ${counts}`
  // The reason of a failover has told the last failure of each agent.
  const cause = error ?? (by ? undefined : attempts.at(-1)?.error)
  const why = cause ? `: ${inOneLine(withoutLastWords(`${cause.name}: ${cause.message}`))}` : ''
  return `${stepId}  ${statusText(status)}${by}${after}${why}`
}
