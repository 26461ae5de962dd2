/** Why a step has another agent than before: what `status`, `explain`, events and logs tell of a failover. */
import { boundedText } from './bounded.ts'
import type { Decision } from './plan.ts'

type PassedOver = NonNullable<Decision['inPlaceOf']>

/** They share one item with the attempts of the step. */
const MOST_AGENTS = 5
const MOST_CHARACTERS = 300

/** What is known of the agents that were not chosen now. */
export type Left = {
  /** By agent, why it was left now; the latest word on an agent comes last. */
  why: Iterable<readonly [agentId: string, why: string]>
  /** The decision before this one. */
  before: Decision | undefined
  isFallback: boolean
}

/** The decision with the agents in whose place the chosen one is; the same decision where there are none. */
export function inPlaceOf(decision: Decision, { why, before, isFallback }: Left): Decision {
  const known = new Map((before?.inPlaceOf ?? []).map(({ agentId, why: then }) => [agentId, then]))
  for (const [agentId, now] of why)
    known.set(agentId, boundedText(withoutName(now, agentId), MOST_CHARACTERS))
  known.delete(decision.chosen)
  if (known.size === 0) return decision
  const passed = [...known].slice(-MOST_AGENTS).map(([agentId, then]) => ({ agentId, why: then }))
  const hadChoice = decision.expectedQuality !== undefined
  const parts = [`${isFallback ? 'a fallback, ' : ''}in place of ${passedOver(passed)}`]
  return {
    ...decision,
    reason: boundedText([...parts, ...(hadChoice ? [decision.reason] : [])].join('; ')),
    inPlaceOf: passed,
  }
}

/** `a (failed this step: no answer) and b (is at its limit of 1 calls at once)`. */
const passedOver = (passed: PassedOver): string =>
  passed.map(({ agentId, why }) => `${agentId} (${why})`).join(' and ')

/** `agent a is at its limit` of agent a is `is at its limit`. */
function withoutName(why: string, agentId: string): string {
  const name = `agent ${agentId} `
  return why.startsWith(name) ? why.slice(name.length) : why
}
