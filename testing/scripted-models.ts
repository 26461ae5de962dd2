import type { DefinedAgent } from '../shared/agent/index.ts'
import { EVERY_MODEL } from '../shared/domain/agent.ts'
import { OrchestratorError } from '../shared/domain/errors.ts'
import type { Json } from '../shared/domain/json.ts'
import { type ModelSettings, ModelSettingsSchema } from '../shared/domain/model-settings.ts'
import { bytesOf, mostInputTokens } from '../shared/domain/model-tokens.ts'
import { nearestNames } from '../shared/domain/nearest-names.ts'
import type { TokenUsage } from '../shared/domain/price-table.ts'
import type { HostModels } from '../shared/host/model/host-models.ts'
import { gatedModels } from '../shared/host/model/model-gate.ts'
import type { ModelAnswer, ModelPart, ModelRequest } from '../shared/ports/models.ts'
import { type Failure, failureOf } from './failure-of.ts'

/** What a scripted model answers: a text, a structured value, calls of tools, or a failure. */
export type ScriptedAnswer =
  | string
  | {
      text?: string
      /** The structured answer, where one is asked for. */
      value?: Json
      calls?: readonly { name: string; input: Json; id?: string }[]
      /** `stop` by default, and `tools` with calls. */
      finish?: ModelAnswer['finish']
      /** By default a token for four bytes of what is sent and answered. */
      usage?: Partial<TokenUsage>
      /** `ModelThrottledError` (`details: {retryAfterSeconds: 30}`), `ModelUnavailableError`, `ModelRefusedError`, `ModelTimedOutError`. */
      fails?: Failure
    }

/** One call of a scripted model. */
export type SeenModelCall = Omit<ModelRequest, 'signal' | 'onText' | 'silenceMilliseconds'> & {
  /** The number of the call of this model, from 1. */
  nth: number
}

/** Answers in order, or a function of the call. */
export type ModelScript =
  | readonly ScriptedAnswer[]
  | ((call: SeenModelCall) => ScriptedAnswer | Promise<ScriptedAnswer>)

/**
 * The models of a test: one script for every model that its agents need, or by the name of the model a script, or the script with settings
 * as a stage makes them. A scripted model costs nothing and has a context of 200,000 tokens where its settings say nothing else.
 */
export type GivenModels =
  | ModelScript
  | Readonly<Record<string, ModelScript | ({ answers: ModelScript } & Partial<ModelSettings>)>>

type Scripted = { script: ModelScript; settings: ModelSettings }

/** The models of a test, as the host gets them; `onCall` is told of each call. */
export function scriptedModels(
  given: GivenModels,
  agents: readonly DefinedAgent[],
  onCall: (call: SeenModelCall) => void,
): HostModels {
  const all = scriptsOf(given, agents)
  const counts = new Map<string, number>()
  const generate = async ({
    signal,
    onText,
    silenceMilliseconds: _,
    tenant: _tenant,
    ...asked
  }: ModelRequest): Promise<ModelAnswer> => {
    signal.throwIfAborted()
    const one = all.get(asked.model)
    if (!one) throw new Error(`the test has no model "${asked.model}"`)
    const nth = 1 + (counts.get(asked.model) ?? 0)
    counts.set(asked.model, nth)
    const call = structuredClone({ ...asked, nth })
    onCall(call)
    const answer = answerOf(await nextOf(one.script, call), call, one.settings)
    for (const part of answer.parts) if (part.kind === 'text') onText?.(part.text)
    return answer
  }
  const settings = Object.fromEntries([...all].map(([name, one]) => [name, one.settings]))
  return gatedModels({ generate, settings })
}

function scriptsOf(given: GivenModels, agents: readonly DefinedAgent[]): Map<string, Scripted> {
  const needed = agents.flatMap(({ manifest }) => manifest.needs?.models ?? [])
  const byName = isScript(given)
    ? [...new Set(['default', ...needed])].map((name) => [name, given] as const)
    : Object.entries(given)
  if (!isScript(given)) refuseMisspelt(given, needed)
  return new Map(
    byName.map(([name, one]) => {
      const { answers: script, ...said } = isScript(one) ? { answers: one } : one
      const settings = {
        provider: 'bedrock',
        id: `scripted-${name}`,
        contextTokens: 200_000,
        price: FREE,
        ...said,
      }
      return [name, { script, settings: ModelSettingsSchema.parse(settings) }]
    }),
  )
}

/**
 * Throws a TypeError for a name that no agent of the test needs and that is a slip of one without a script, or where no agent needs any of the
 * names. Others are allowed, because tests share scripts; and so are fallbacks.
 */
function refuseMisspelt(given: Exclude<GivenModels, ModelScript>, needed: readonly string[]): void {
  if (needed.length === 0 || needed.includes(EVERY_MODEL)) return
  const names = Object.keys(given)
  const fallbacks = Object.values(given).map((one) => (isScript(one) ? undefined : one.fallback))
  const unscripted = needed.filter((name) => !names.includes(name))
  const isInVain = !names.some((name) => needed.includes(name))
  for (const name of names) {
    if (needed.includes(name) || fallbacks.includes(name)) continue
    const [meant] = nearestNames(name, unscripted)
    if (meant === undefined && !isInVain) continue
    const hint = meant === undefined ? '' : `; did you mean "${meant}"?`
    throw new TypeError(
      `models[${JSON.stringify(name)}]: no agent of the test needs a model "${name}"${hint} (needed: ${[...new Set(needed)].join(', ')})`,
    )
  }
}

const FREE = { input: 0, output: 0 }

const isScript = (given: unknown): given is ModelScript => Array.isArray(given) || typeof given === 'function'

async function nextOf(script: ModelScript, call: SeenModelCall): Promise<ScriptedAnswer> {
  if (typeof script === 'function') return script(call)
  const next = script[call.nth - 1]
  if (next !== undefined) return next
  const message = `the script of model "${call.model}" has ${script.length} answers, and this is its call ${call.nth}`
  throw new OrchestratorError('ModelRefusedError', message)
}

function answerOf(given: ScriptedAnswer, call: SeenModelCall, { id }: ModelSettings): ModelAnswer {
  const said = typeof given === 'string' ? { text: given } : given
  const { text, value, calls = [], usage = {} } = said
  if (said.fails !== undefined)
    throw failureOf(said.fails, `scripted for call ${call.nth} of model "${call.model}"`)
  const parts: ModelPart[] = [
    ...(text === undefined ? [] : [{ kind: 'text' as const, text }]),
    ...calls.map(({ name, input, id: own }, at) => ({
      kind: 'tool-call' as const,
      id: own ?? `call-${call.nth}-${at + 1}`,
      name,
      input,
    })),
  ]
  const answered = bytesOf(JSON.stringify([parts, value ?? null]))
  return {
    parts,
    ...(value === undefined ? {} : { value }),
    finish: said.finish ?? (calls.length > 0 ? 'tools' : 'stop'),
    usage: {
      inputTokens: Math.ceil(mostInputTokens(call) / 4),
      outputTokens: Math.ceil(answered / 4),
      ...usage,
    },
    modelId: id,
  }
}
