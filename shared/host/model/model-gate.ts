/**
 * The gate between an agent and its language models: every call passes it, so that a call that does not fit is not made, and what is made is paid for.
 *
 * Invariants (tests cite them):
 * model-gate/G1 a call is made only if the most that it can take fits: its context (the input's bound and maxOutputTokens), what the agent has
 *    declared as its most (price.mostUsd, price.mostTokens), the rate of the model, and the task's budget, which holds it while the call runs
 * model-gate/G2 every call that is made is settled once, with what it has used; one that broke off, that was aborted, or whose end was not
 *    seen costs what was held. The rest is available again at once
 * model-gate/G3 a call that is refused has made no try, and holds nothing: no rate, no reservation
 * model-gate/G4 one call of the gate makes at most one try of a model, one more where the answer was cut off, and one more of each where a
 *    structured answer is repaired; each is a call of its own for G1 and G2. Nothing here waits
 * model-gate/G5 throttling, by the provider or by the model's rate, is busy and not failed: AgentThrottledError
 * model-gate/G6 a model that is gone is replaced by its fallback, which is asked by its own context, rate and price
 * model-gate/G11 where a fallback cannot answer either, the error has the failures of the other models as its cause
 * model-gate/G7 a structured answer that is returned fits its schema
 * model-gate/G8 the log has names, sizes, tokens and how a call ended, never text of a request or of an answer
 * model-gate/G9 a throttled model is replaced by its fallback where it asks for a longer wait than `fallbackAfterSeconds`, or the step has waited as
 *    long already. Where the fallback cannot answer either, the step waits: the model will be there again
 * model-gate/G10 a model with fallbacks may be silent for its share of the time that is left, so that each of them is asked in time
 */
import type { AgentModel } from '../../agent/index.ts'
import { needsModel } from '../../domain/agent.ts'
import { failureOf } from '../../domain/bounded.ts'
import { isOrchestratorError, OrchestratorError } from '../../domain/errors.ts'
import type { ModelSettings } from '../../domain/model-settings.ts'
import { addUsage } from '../../domain/model-tokens.ts'
import { suggestNames } from '../../domain/nearest-names.ts'
import { ownOf } from '../../domain/own.ts'
import { secondsUntil } from '../../domain/times.ts'
import type { ModelAnswer, ModelRequest } from '../../ports/models.ts'
import type { StepRun } from '../step-run.ts'
import { requireCall } from './check-call.ts'
import type { ConfiguredModels, GateNeeds, HostModels, ModelGate } from './host-models.ts'
import {
  type FailedModel,
  isGone,
  isImpatient,
  type Throttling,
  throttlingOf,
  withOthers,
} from './model-errors.ts'
import { DEFAULT_MODEL, replyOf, requestOf } from './model-request.ts'
import { type OneTry, oneTry } from './one-try.ts'
import { askStructured } from './structured-answer.ts'
import { runTools } from './tool-loop.ts'

/** Models with the gate that their calls pass: what a host gets. */
export const gatedModels = ({ generate, count, settings }: ConfiguredModels): HostModels => ({
  generate,
  ...(count ? { count } : {}),
  settings,
  gate: modelGate,
})

export const modelGate: ModelGate = (ports, run, attempt) => {
  const { models } = ports
  const attemptOnce = oneTry(ports, run, attempt)
  const asking =
    (grows: boolean) =>
    (request: ModelRequest): Promise<ModelAnswer> => {
      requireConfigured(models, run, request.model)
      return askOrFallback(ports, run, grows ? withRoom(attemptOnce) : attemptOnce, request)
    }
  const model: Pick<AgentModel, 'has' | 'generate'> = {
    has: (name = DEFAULT_MODEL) =>
      needsModel(run.agent.manifest, name) && ownOf(models.settings, name) !== undefined,
    async generate(call) {
      requireCall(call)
      return replyOf(await askStructured(asking(call.grows ?? true), requestOf(call, attempt.signal)))
    },
  }
  return { ...model, runTools: runTools(ports, run, attempt, asking(true)) }
}

/** Throws ConfigError that says which setting to make. */
function requireConfigured({ settings }: ConfiguredModels, { agent }: StepRun, name: string): void {
  const { id, needs } = agent.manifest
  if (!needsModel(agent.manifest, name)) {
    const told = suggestNames(name, needs?.models ?? [])
    const message = `agent ${id} asks for model "${name}", which it does not say that it needs${told}; declare it in needs.models`
    throw new OrchestratorError('ConfigError', message)
  }
  if (ownOf(settings, name)) return
  const known = Object.keys(settings)
  const told = known.length > 0 ? suggestNames(name, known) : '; it configures none'
  const message = `agent ${id} asks for model "${name}", which the stage does not configure${told}; set models.${name} in the stage file`
  throw new OrchestratorError('ConfigError', message)
}

type Attempt = (request: ModelRequest, settings: ModelSettings) => Promise<ModelAnswer>

/** Refusals that another model, or more time, may mend. */
const REFUSED = [
  'ModelContextError',
  'ModelLimitError',
  'BudgetExceededError',
  'AgentBusyError',
  'AgentThrottledError',
] as const

const isRefused = (error: unknown): boolean => isGone(error) || isOrchestratorError(error, ...REFUSED)

/** model-gate/G6, G9; fallbacks make no circle. */
async function askOrFallback(
  { models: { settings }, clock }: Pick<GateNeeds, 'clock'> & { models: ConfiguredModels },
  run: StepRun,
  attempt: Attempt,
  request: ModelRequest,
): Promise<ModelAnswer> {
  let soonest: Throttling | undefined
  const failed: FailedModel[] = []
  for (let name = request.model; ; ) {
    const own = ownOf(settings, name) as ModelSettings
    try {
      return await attempt({ ...request, model: name }, own)
    } catch (error) {
      const waits = throttlingOf(error)
      if (waits && !(soonest && soonest.waitSeconds <= waits.waitSeconds)) soonest = waits
      const { fallback } = own
      const isOver = isGone(error) || (waits && isImpatient(own, waits, secondsWaited(run, clock)))
      failed.push({ model: name, error })
      if (fallback === undefined || !ownOf(settings, fallback) || !isOver)
        throw withOthers(soonest && isRefused(error) ? soonest.error : error, failed)
      const told = { model: name, fallback, errorName: failureOf(error).name }
      run.log.warn('model is gone or throttled, its fallback is asked', told)
      name = fallback
    }
  }
}

/** Seconds for which the agents of the step have been busy or throttled. */
const secondsWaited = ({ record: { busySince } }: StepRun, clock: GateNeeds['clock']): number =>
  busySince === undefined ? 0 : -secondsUntil(busySince, clock.now())

const withRoom =
  (attemptOnce: OneTry): Attempt =>
  (request, settings) =>
    askWithRoom(attemptOnce, request, settings)

/** One try, and one with twice the room where the answer was cut off. */
async function askWithRoom(
  attemptOnce: OneTry,
  request: ModelRequest,
  { contextTokens }: ModelSettings,
): Promise<ModelAnswer> {
  const first = await attemptOnce(request)
  const { inputTokens, cacheReadTokens = 0, cacheWriteTokens = 0 } = first.usage
  const room = contextTokens - inputTokens - cacheReadTokens - cacheWriteTokens
  const maxOutputTokens = Math.min(2 * request.maxOutputTokens, room)
  if (first.finish !== 'length' || maxOutputTokens <= request.maxOutputTokens) return first
  try {
    const second = await attemptOnce({ ...request, maxOutputTokens })
    return { ...second, usage: addUsage(first.usage, second.usage) }
  } catch (error) {
    // The answer that was cut off is better than none.
    if (isRefused(error)) return first
    throw error
  }
}
