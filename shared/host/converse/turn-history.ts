/** What the model is told of the turns before: its calls with their results (turn/N2, turn/N5). */
import type { AgentContext } from '../../agent/index.ts'
import { boundedText } from '../../domain/bounded.ts'
import type { Json } from '../../domain/json.ts'
import { withoutSecrets } from '../../domain/without-secrets.ts'
import type { ModelMessage, ModelPart } from '../../ports/models.ts'
import { EMPTY, SAME_AGAIN } from '../model/loop-watch.ts'
import { userSays } from '../model/model-request.ts'
import { shownResult } from '../model/run-tool-calls.ts'
import type { CallResult, Made, Pending, State, TurnInput } from './turn-schemas.ts'

type Context = Pick<AgentContext, 'files' | 'step'>

const MOST_MESSAGE = 1_000

export type Before = Pick<State, 'made' | 'empty'> & { messages: ModelMessage[] }

/** The conversation until now, with the results of the calls of the turn before. */
export async function historyOf(
  { input, before, results, turn }: TurnInput,
  context: Context,
): Promise<Before> {
  if (!before) return { messages: [userSays(textOf(input))], made: [], empty: 0 }
  const { pending, empty } = before
  const messages = before.messages as ModelMessage[]
  if (pending.length === 0) return { messages: [...messages, userSays(EMPTY)], made: before.made, empty }
  const parts: ModelPart[] = []
  const made: Made[] = [...before.made]
  for (const [at, one] of pending.entries()) {
    const result = one.at === undefined ? undefined : (results[one.at] ?? null)
    if (one.capability !== undefined && result !== undefined)
      made.push({ turn: turn - 1, capability: one.capability, status: statusOf(result) })
    parts.push(await told(one, result, `${turn - 1}/${at + 1}`, context))
  }
  return { messages: [...messages, { role: 'user', parts }], made, empty }
}

const textOf = (value: Json): string => (typeof value === 'string' ? value : JSON.stringify(value))

function statusOf(result: CallResult | null): Made['status'] {
  if (result?.status === 'succeeded') return 'succeeded'
  return result?.status === 'skipped' ? 'refused' : 'failed'
}

/** What the model is told of a call (turn/N2, N5). */
async function told(
  { id, name, error, isAgain }: Pending,
  result: CallResult | null | undefined,
  key: string,
  { files, step }: Context,
): Promise<ModelPart> {
  const failed = error ?? (result === undefined ? 'it was not made' : failureOf(result))
  if (failed !== undefined) return { kind: 'tool-result', id, name, output: { error: failed }, isError: true }
  // One conversation in a step has one folder; a name is written once by an attempt.
  const folder = step.path.replaceAll(/[^a-zA-Z0-9]+/g, '-')
  const keep = (file: string, text: string) => files.write(file.replace('/', `/${folder}-`), text)
  const output = await shownResult(keep, key, result?.output ?? null)
  return { kind: 'tool-result', id, name, output: isAgain ? { result: output, hint: SAME_AGAIN } : output }
}

function failureOf(result: CallResult | null): string | undefined {
  if (result?.status === 'succeeded') return undefined
  if (result?.status === 'skipped') return refusalOf(result)
  const { name = 'AgentFailedError', message = 'it has ended without an answer' } = result?.error ?? {}
  return boundedText(withoutSecrets(`${name}: ${message}`), MOST_MESSAGE)
}

function refusalOf({ answer }: CallResult): string {
  if (answer?.by === 'timeout') return 'it was not made: nobody has approved it in time'
  const why = answer?.comment === undefined ? '' : `, who says: ${boundedText(answer.comment, MOST_MESSAGE)}`
  return `it was not made: it was refused by a person${why}`
}
