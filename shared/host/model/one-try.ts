/** One try of one model: held before, settled after (model-gate/G1 to G5). */
import { untilNextMinute } from '../../app/limits/admission.ts'
import type { EndHold } from '../../app/limits/call-budget.ts'
import { mostOfModelCall, usdOfCall } from '../../app/limits/price-of-model.ts'
import { boundedText, failureOf } from '../../domain/bounded.ts'
import { amountOf } from '../../domain/budget.ts'
import { isOrchestratorError, OrchestratorError } from '../../domain/errors.ts'
import type { ModelSettings } from '../../domain/model-settings.ts'
import { mostInputTokens, tokensOf } from '../../domain/model-tokens.ts'
import { orAborted } from '../../domain/or-aborted.ts'
import type { TokenUsage } from '../../domain/price-table.ts'
import { withoutSecrets } from '../../domain/without-secrets.ts'
import type { ModelAnswer, ModelRequest } from '../../ports/models.ts'
import type { AdmittedCall, Limits, StepRun } from '../step-run.ts'
import { boundedAnswer } from './bounded-answer.ts'
import type { ConfiguredModels, GateNeeds } from './host-models.ts'
import { keepTranscript } from './keep-transcript.ts'
import { asGateError, isUnpaid, throttled, usageIn } from './model-errors.ts'
import { showText } from './show-text.ts'
import { silenceFor } from './silence-for.ts'

/** The request names a model that is configured. */
export type OneTry = (request: ModelRequest) => Promise<ModelAnswer>

type Needs = GateNeeds & { models: ConfiguredModels }
type Used = TokenUsage & { estimated?: true }
/** A usage that nothing is known of: the call costs what was held for it, and of this only `estimated` is read. */
const UNKNOWN: Used = { inputTokens: 0, outputTokens: 0, estimated: true }
/** What a call holds while it runs. */
type Held = { settle(used: Used | undefined): Promise<void> }

export function oneTry(ports: Needs, run: StepRun, attempt: Limits & AdmittedCall): OneTry {
  const keep = keepTranscript(ports, run)
  const begin = showText(ports, run, attempt)
  return async (given) => {
    attempt.signal.throwIfAborted()
    const settings = ports.models.settings[given.model] as ModelSettings
    const left = attempt.deadline.getTime() - ports.clock.now().getTime()
    const silenceMilliseconds = silenceFor(ports.models.settings, given.model, left)
    const request = silenceMilliseconds === undefined ? given : { ...given, silenceMilliseconds }
    const held = await holdCounted(ports, run, attempt, { request, settings })
    const startedAt = ports.clock.now()
    const durationMs = (): number => ports.clock.now().getTime() - startedAt.getTime()
    let hasBegun = false
    const shown = begin()
    let mistake: { error: unknown } | undefined
    const onText = (delta: string): void => {
      hasBegun = true
      shown.add(delta)
      if (mistake) return
      try {
        request.onText?.(delta)
      } catch (error) {
        // The agent's own, which is thrown when the answer is whole and paid: the model has not failed.
        mistake = { error }
      }
    }
    let answer: ModelAnswer
    try {
      const told = await orAborted(attempt.signal, () =>
        ports.models.generate({ ...request, tenant: run.plan.tenant, onText, signal: attempt.signal }),
      )
      answer = withCredibleUsage(boundedAnswer(told), settings)
    } catch (error) {
      const used = usageIn(error) ?? (isUnpaid(error, hasBegun) ? undefined : UNKNOWN)
      const failure = failureOf(error)
      const ended = {
        durationMs: durationMs(),
        errorName: failure.name,
        ...(used ? { usage: used } : {}),
      }
      run.log.warn('model call failed', { model: request.model, ...flat(ended) })
      // The first failure is the one that is told, not one of the settling.
      const settled = held.settle(used).catch(() => {})
      await Promise.all([
        settled,
        shown.end(),
        // Not in the log, which has no text (model-gate/G8).
        keep(request, { startedAt: startedAt.toISOString(), ...ended, errorMessage: messageOf(failure) }),
      ])
      throw asGateError(error, request.model)
    }
    const { finish, usage, modelId, requestId } = answer
    const ended = { durationMs: durationMs(), modelId, finish, usage }
    run.log.info('model called', { model: request.model, requestId, ...flat(ended) })
    const kept = keep(request, { startedAt: startedAt.toISOString(), ...ended }, answer)
    // Both are awaited, even if one fails: Lambda freezes the process after the step's answer.
    const [settled] = await Promise.allSettled([held.settle(usage), kept, shown.end()])
    if (settled.status === 'rejected') throw settled.reason
    if (mistake) throw mistake.error
    return answer
  }
}

const messageOf = ({ message }: { message: string }): string =>
  boundedText(withoutSecrets(message), MOST_REASON_CHARACTERS)

const MOST_REASON_CHARACTERS = 1_000

/** An answer whose provider tells a usage that cannot be, such as a negative one, costs what was held for it (model-gate/G2). */
function withCredibleUsage(answer: ModelAnswer, { contextTokens }: ModelSettings): ModelAnswer {
  const { estimated: _, ...counts } = answer.usage
  const all = Object.values(counts).filter((count) => count !== undefined)
  // Thoughts that a provider counts may go beyond what was asked for.
  const isCredible =
    all.every((count) => Number.isSafeInteger(count) && count >= 0) &&
    all.reduce((sum, count) => sum + count, 0) <= 2 * contextTokens
  return isCredible ? answer : { ...answer, usage: UNKNOWN }
}

/** As facts of a line of the log. */
const flat = ({ usage, ...ended }: { usage?: Used }): Record<string, unknown> => ({ ...ended, ...usage })

type Asked = { request: ModelRequest; settings: ModelSettings }

/** Holds by the bound of the input; where that does not fit and the provider counts tokens, by their number. */
async function holdCounted(
  ports: Needs,
  run: StepRun,
  attempt: Limits & AdmittedCall,
  { request, settings }: Asked,
): Promise<Held> {
  const { count } = ports.models
  const hold = async (inputTokens: number, isCounted: boolean): Promise<Held> => {
    const most = { inputTokens, outputTokens: request.maxOutputTokens }
    requireFits(request, settings, { inputTokens, isCounted })
    return holdMost(ports, run, attempt, { request, settings, most })
  }
  try {
    return await hold(mostInputTokens(request), false)
  } catch (error) {
    const mayFit = isOrchestratorError(error, 'ModelContextError', 'ModelLimitError', 'BudgetExceededError')
    if (!count || !mayFit) throw error
    const inputTokens = await orAborted(attempt.signal, () =>
      count({ ...request, signal: attempt.signal }),
    ).catch((failure: unknown) => {
      throw asGateError(failure, request.model)
    })
    return hold(inputTokens, true)
  }
}

/** Throws ModelContextError. */
function requireFits(
  { model, maxOutputTokens }: ModelRequest,
  { contextTokens, id }: ModelSettings,
  { inputTokens, isCounted }: { inputTokens: number; isCounted: boolean },
): void {
  const most = inputTokens + maxOutputTokens
  if (most <= contextTokens) return
  const input = `${isCounted ? '' : 'at most '}${inputTokens} tokens of input`
  const message = `${input} and maxOutputTokens ${maxOutputTokens} are ${most} tokens, and the context of model ${model} (${id}) has ${contextTokens}: send less, ask for less, or take a model with a larger context`
  throw new OrchestratorError('ModelContextError', message, { inputTokens, maxOutputTokens, contextTokens })
}

/** Takes the rate and the reservation (model-gate/G1); what was taken before a refusal is given back (model-gate/G3). */
async function holdMost(
  { limits, prices, clock }: Needs,
  { agent }: StepRun,
  { admitted, spending }: AdmittedCall,
  { request: { model }, settings, most }: Asked & { most: TokenUsage },
): Promise<Held> {
  const dearest = mostOfModelCall(settings, most, prices)
  requireWithinMost(agent.manifest, spending.sum(), dearest, model)
  // Before anything is awaited: of two calls at once, each counts the other.
  const endSpending = spending.begin(dearest)
  const { tokensPerMinute } = settings
  const scope = `model:${model}`
  const takenAt = clock.now()
  let taken = 0
  let endHold: EndHold | undefined
  const giveBack = async (used: number): Promise<void> => {
    if (taken > used) await limits.giveBackRate(scope, taken - used, takenAt).catch(() => {})
  }
  try {
    if (tokensPerMinute !== undefined) {
      // A call that may take more than a minute has takes all of it.
      const wanted = Math.min(dearest.tokens, tokensPerMinute)
      if (!(await limits.takeRate(scope, wanted, tokensPerMinute))) {
        const why = `is at its limit of ${tokensPerMinute} tokens a minute in this stage`
        throw throttled(model, why, untilNextMinute(clock).waitSeconds)
      }
      taken = wanted
    }
    const why = `a call of model ${model}: ${most.inputTokens} tokens of input at most, maxOutputTokens ${most.outputTokens}`
    endHold = await admitted.budget?.hold(amountOf(dearest), why)
  } catch (refusal) {
    endSpending({})
    await giveBack(0)
    throw refusal
  }
  return {
    async settle(told) {
      const used = told?.estimated ? most : told
      const tokens = used ? tokensOf(used) : 0
      const usd = told?.estimated ? dearest.usd : used ? usdOfCall(settings, used, prices) : 0
      const { estimated: _, ...usage }: Used = used ?? { inputTokens: 0, outputTokens: 0 }
      endSpending({ ...usage, model: settings.id, ...(usd === undefined ? {} : { costUsd: usd }) })
      await Promise.all([giveBack(tokens), endHold?.(amountOf({ usd: usd ?? 0, tokens }))])
    },
  }
}

/** Throws ModelLimitError for a call with which the attempt could spend more than its agent has declared. */
function requireWithinMost(
  { id, price: { mostUsd, mostTokens } }: StepRun['agent']['manifest'],
  spent: { usd: number; tokens: number },
  most: { usd: number; tokens: number },
  model: string,
): void {
  const short = (unit: string, field: string, [limit, used, more]: [number, number, number]): never => {
    const message = `the next call of model ${model} may take ${more} ${unit}, and agent ${id} has used ${used} of the ${limit} that its price.${field} says a call takes at most: raise it, or ask for less`
    throw new OrchestratorError('ModelLimitError', message)
  }
  if (
    mostUsd !== undefined &&
    amountOf({ usd: spent.usd + most.usd }).nanoUsd > amountOf({ usd: mostUsd }).nanoUsd
  )
    short('USD', 'mostUsd', [mostUsd, spent.usd, most.usd])
  if (mostTokens !== undefined && spent.tokens + most.tokens > mostTokens)
    short('tokens', 'mostTokens', [mostTokens, spent.tokens, most.tokens])
}
