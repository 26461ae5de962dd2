import { countTokens } from 'gpt-tokenizer/encoding/o200k_base'
import { isOrchestratorError } from '../../shared/domain/errors.ts'
import { type Planned, planFromGoal } from '../../shared/planner/plan-from-goal.ts'
import { PLANNING_CAPS } from '../../shared/planner/planning-caps.ts'
import type { ModelRequest, Models } from '../../shared/ports/models.ts'
import { answerOfPlan } from './answer-of-plan.ts'
import type { Case } from './cases.ts'
import type { Script } from './oracles.ts'

/** The tokenizer that prompts and answers are measured with. */
export const TOKENIZER = 'gpt-tokenizer 4.0.0, o200k_base'

/** A dear model, so that the cap of money is near: US dollars per million tokens. */
const PRICE = { input: 1, output: 5 }
/** A script answers at once: what has not ended by then hangs. */
const HANGS_SECONDS = 30

export type Outcome = {
  planned?: Extract<Planned, { kind: 'planned' }>
  refusal?: string
  /** Why there is no plan. */
  failure?: string
  isHung: boolean
  isWithinCaps: boolean
  validFirst: boolean
  calls: number
  promptTokens: number
}

/** Plans one case with a scripted model, whose usage is that of a real tokenizer. */
export async function runCase(one: Case, script: Script): Promise<Outcome> {
  const used = { calls: 0, tokens: 0, usd: 0, promptTokens: 0 }
  const models: Models = {
    generate: async (request) => {
      const { parts, finish } = script(request)
      const inputTokens = tokensOf(request)
      const outputTokens = Math.min(
        request.maxOutputTokens,
        parts.reduce((sum, part) => sum + (part.kind === 'text' ? countTokens(part.text, ALL) : 0), 0),
      )
      if (used.calls === 0) used.promptTokens = inputTokens
      used.calls++
      used.tokens += inputTokens + outputTokens
      used.usd += (inputTokens * PRICE.input + outputTokens * PRICE.output) / 1e6
      return { parts, finish, usage: { inputTokens, outputTokens }, modelId: 'script' }
    },
  }
  const ended = await endOf(one, models)
  const { calls, tokens, usd } = PLANNING_CAPS
  const first = ended.planned?.drafts[0]
  const hasStrayLink = one.plan !== undefined && answerOfPlan(one, one.plan).hasStrayLink
  return {
    ...ended,
    isWithinCaps: used.calls <= calls && used.tokens <= tokens && used.usd <= usd,
    validFirst: first?.repairs.length === 0 && first.issues.length === 0 && !hasStrayLink,
    calls: used.calls,
    promptTokens: used.promptTokens,
  }
}

type Ended = Pick<Outcome, 'planned' | 'refusal' | 'failure' | 'isHung'>

async function endOf({ goal, catalogue }: Case, models: Models): Promise<Ended> {
  const plan = planFromGoal({ models, model: { name: 'script', price: PRICE } })
  let timer: NodeJS.Timeout | undefined
  const hangs = new Promise<Ended>((resolve) => {
    timer = setTimeout(() => resolve({ isHung: true }), HANGS_SECONDS * 1_000)
  })
  const ends = plan({ text: goal }, catalogue, PLANNING_CAPS, new AbortController().signal).then(
    (planned): Ended =>
      planned.kind === 'planned' ? { planned, isHung: false } : { refusal: planned.reason, isHung: false },
    (error: unknown): Ended => {
      if (!isOrchestratorError(error, 'PlanningFailedError')) throw error
      return { failure: error.message, isHung: false }
    },
  )
  return Promise.race([ends, hangs]).finally(() => clearTimeout(timer))
}

/** Data may have the texts of control tokens in it. */
const ALL = { disallowedSpecial: new Set<string>() }

/** The system prompt is the same for all goals of a small catalogue. */
const counted = new Map<string, number>()

/** All that a request sends: system, messages, and the schema of its answer. */
export function tokensOf({
  system,
  messages,
  answer,
}: Pick<ModelRequest, 'system' | 'messages' | 'answer'>): number {
  const fixed = [...system, JSON.stringify(answer?.schema ?? '')].map((text) => {
    const tokens = counted.get(text) ?? countTokens(text, ALL)
    counted.set(text, tokens)
    return tokens
  })
  const said = messages.flatMap(({ parts }) =>
    parts.map((part) => (part.kind === 'text' ? countTokens(part.text, ALL) : 0)),
  )
  return [...fixed, ...said].reduce((sum, tokens) => sum + tokens, 0)
}
