import { boundedText, MOST_CHARACTERS } from './bounded.ts'
import type { Decision } from './plan.ts'
import { shellWord } from './shell-word.ts'
import { withoutSecrets } from './without-secrets.ts'

/** Errors whose messages quote inputs and outputs: payloads stay out of the log. */
const QUOTING = ['InvalidInputError', 'AgentOutputError', 'ModelOutputError', 'EvaluationFailedError']

export type FailureFacts = { errorName: string } & ({ errorMessage: string } | { see: string })

export type FailoverFacts = { reason?: string; see?: string }

/** What a line of the log says of a failover: its reason, which may have messages of failed attempts in it, or the command that shows it. */
export function failoverFacts(
  own: { taskId: string; path: string },
  attempts: readonly { error: { name: string } }[],
  decision: Pick<Decision, 'reason' | 'inPlaceOf'> | undefined,
): FailoverFacts {
  if (!decision?.inPlaceOf) return {}
  const name = attempts.find(({ error }) => QUOTING.includes(error.name))?.error.name ?? ''
  const facts = failureFacts(own, { name, message: decision.reason })
  return 'see' in facts ? { see: facts.see } : { reason: facts.errorMessage }
}

/** What a line of the log says of a step's failure: its message, or the command that shows a message which quotes payloads. */
export function failureFacts(
  { taskId, path }: { taskId: string; path: string },
  { name, message }: { name: string; message: string },
): FailureFacts {
  if (QUOTING.includes(name))
    return { errorName: name, see: `npx orchestrator explain ${taskId} ${shellWord(path)}` }
  return { errorName: name, errorMessage: boundedText(withoutSecrets(message), MOST_CHARACTERS) }
}

/** Facts about a call for logs and metrics; `failover`: the agent that takes over from a failed one. */
export type RebindFacts = FailoverFacts & {
  executionArn: string
  attempt: number
  failover: string | undefined
}
/** Facts about an attempt whose end the rebinder was the first to know. */
export type LostFacts = { executionArn: string; agentId: string; attempt: number } & FailureFacts
