/** Runs the tools that one turn of the model has called (tool-loop/L2, L4). */
import type { AgentTool, Effect } from '../../agent/index.ts'
import { boundedText, failureOf } from '../../domain/bounded.ts'
import { type ErrorName, isOrchestratorError } from '../../domain/errors.ts'
import { isJsonObject, type Json, type JsonObject } from '../../domain/json.ts'
import { bytesOf } from '../../domain/model-tokens.ts'
import { suggestNames } from '../../domain/nearest-names.ts'
import { describeNotJson, notJsonIn } from '../../domain/not-json.ts'
import { cut } from '../../domain/shown.ts'
import { withoutSecrets } from '../../domain/without-secrets.ts'
import type { ModelPart } from '../../ports/models.ts'
import { checkOf } from './check-json.ts'
import { type LoopWatch, SAME_AGAIN } from './loop-watch.ts'
import { schemaOfTool, toolNamed } from './model-request.ts'
import { toldIssues } from './told-issues.ts'

type Call = Extract<ModelPart, { kind: 'tool-call' }>
type Result = Extract<ModelPart, { kind: 'tool-result' }>

/** More calls in one turn are refused: each costs time and writes. */
export const MOST_CALLS = 16
/** What the model is shown of a result; the whole is in a file. */
export const MOST_RESULT_BYTES = 16 * 1_024
/** Room for the words around a result that was cut. */
const SHOWN_BYTES = MOST_RESULT_BYTES - 512
const MOST_MESSAGE = 1_000

/** Failures of the step itself, not of a tool: the model cannot mend them. */
const OF_THE_STEP = [
  'StepSupersededError',
  'StepTimedOutError',
  'TaskCancelledError',
  'DeadlineExceededError',
  'BudgetExceededError',
  'AgentBusyError',
  'AgentThrottledError',
  'AgentContinuesError',
  'ModelLimitError',
] as const satisfies ErrorName[]

export type ToolRuns = {
  tools: readonly AgentTool[]
  turn: number
  signal: AbortSignal
  watch: LoopWatch
  /** Performs an effect once over all attempts of the step, under a key within this loop. */
  once(key: string, effect: Effect): Promise<Json>
  /** Stores a result that is too large to be shown, and returns its reference. */
  keep(name: string, text: string): Promise<{ $file: string }>
}

/** The results, in the order of the calls. */
export async function runToolCalls(runs: ToolRuns, calls: readonly Call[]): Promise<Result[]> {
  const results: Result[] = []
  for (const [at, call] of calls.entries()) {
    const { id, name } = call
    const isAgain = runs.watch.sees(name, call.input)
    const ended =
      at < MOST_CALLS
        ? await resultOf(runs, call, at)
        : failed(`a turn has at most ${MOST_CALLS} calls; this was not made`)
    const { error, ...shown } = ended as { error?: string; result?: Json }
    const output: Json = error === undefined ? (shown.result ?? null) : { error }
    results.push({
      kind: 'tool-result',
      id,
      name,
      output: isAgain ? { result: output, hint: SAME_AGAIN } : output,
      ...(error === undefined ? {} : { isError: true }),
    })
  }
  return results
}

type Ended = { result: Json } | { error: string }
const failed = (error: string): Ended => ({ error })

async function resultOf(runs: ToolRuns, { name, input }: Call, at: number): Promise<Ended> {
  const { tools, turn, signal } = runs
  const tool = tools.find((one) => one.name === name)
  if (!tool) return failed(noTool(name, tools))
  const checked = argumentsOf(name, schemaOfTool(tool), input)
  if ('error' in checked) return checked
  const { value } = checked
  const key = `${turn}/${at + 1}`
  const shown = (result: Json | undefined): Promise<Json> => shownOf(runs, key, result ?? null)
  const { find, mostSeconds } = tool
  // What a tool has thrown is its result too: it must not be performed again.
  const perform = async (idempotencyKey: string): Promise<Json> => {
    let result: Json | undefined
    try {
      result = await tool.run(value, { turn, idempotencyKey, signal })
      requireJson(result ?? null)
    } catch (error) {
      if (signal.aborted) throw signal.reason
      if (isOrchestratorError(error, ...OF_THE_STEP)) throw error
      return { error: messageOf(error) }
    }
    return { result: await shown(result) }
  }
  const ended = await runs.once(
    key,
    find === undefined
      ? perform
      : {
          perform,
          async find(idempotencyKey) {
            const found = await find(idempotencyKey)
            return found === undefined ? undefined : { result: await shown(found) }
          },
          ...(mostSeconds === undefined ? {} : { mostSeconds }),
        },
  )
  return isJsonObject(ended) && typeof ended.error === 'string'
    ? failed(ended.error)
    : { result: isJsonObject(ended) ? (ended.result ?? null) : null }
}

async function shownOf({ keep }: ToolRuns, key: string, result: Json): Promise<Json> {
  requireJson(result)
  return shownResult(keep, key, result)
}

export const noTool = (name: string, tools: readonly { name: string }[]): string =>
  `there is no tool "${cut(name)}"${suggestNames(
    cut(name),
    tools.map((one) => one.name),
  )}`

/** The arguments of a call as the schema of its tool has them, or what the model is told that has given others. */
export function argumentsOf(
  name: string,
  schema: Json,
  input: Json,
): { value: JsonObject } | { error: string } {
  const checked = checkOf(schema, toolNamed(name))(input)
  if (checked.issues) {
    return { error: `the arguments do not fit the schema of "${name}": ${toldIssues(checked.issues)}` }
  }
  const { value } = checked
  return isJsonObject(value) ? { value } : { error: `the arguments of "${name}" must be an object` }
}

/** The result as the model sees it: a large one is cut, and kept whole in a file. */
export async function shownResult(keep: ToolRuns['keep'], key: string, result: Json): Promise<Json> {
  const text = typeof result === 'string' ? result : JSON.stringify(result)
  const bytes = bytesOf(text)
  if (bytes <= MOST_RESULT_BYTES) return result
  const name = `tool-results/${key.replace('/', '-')}.${typeof result === 'string' ? 'txt' : 'json'}`
  // The tool has acted: a result that cannot be kept must not look like its failure.
  const file = await keep(name, text).catch(() => ({}))
  return { ...file, bytes, note: 'too large to be shown whole; it begins so', begins: firstBytes(text) }
}

function requireJson(result: Json): void {
  const found = notJsonIn(result)
  if (found) throw new TypeError(`the tool answered what is no JSON: ${describeNotJson(found, 'its result')}`)
}

/** At most so many bytes of a text, without half a character. */
function firstBytes(text: string): string {
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(SHOWN_BYTES))
  return text.slice(0, read)
}

function messageOf(error: unknown): string {
  const { name, message } = failureOf(error)
  return boundedText(withoutSecrets(name === 'Error' ? message : `${name}: ${message}`), MOST_MESSAGE)
}
