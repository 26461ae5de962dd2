/**
 * What a model has sent, within limits: it is stored with each turn, sent again, logged, and said in errors.
 *
 * Invariants (tests cite them):
 * bounded-answer/A1 names and ids are short, and are distinct where they were; arguments are at most {@link MOST_ARGUMENTS} characters of JSON, or a text that says
 *    how large they were, which fits no tool; an answer has at most {@link MOST_KEPT_CALLS} calls
 * bounded-answer/A2 an answer within the limits stays unchanged
 */
import { boundedText, MOST_NAME_CHARACTERS } from '../../domain/bounded.ts'
import type { Json } from '../../domain/json.ts'
import type { ModelAnswer, ModelPart } from '../../ports/models.ts'

/** Characters of the arguments of one call, as JSON. */
export const MOST_ARGUMENTS = 131_072
/** Further calls of one answer are left out: far fewer of them are made. */
export const MOST_KEPT_CALLS = 64
/** Providers take as many; their ends differ. */
const MOST_ID = 64
const MOST_TOLD_ID = 256

export function boundedAnswer(answer: ModelAnswer): ModelAnswer {
  const calls = answer.parts.filter(({ kind }) => kind === 'tool-call')
  const dropped = new Set(calls.slice(MOST_KEPT_CALLS))
  return {
    ...answer,
    parts: answer.parts.filter((part) => !dropped.has(part)).map(boundedPart),
    modelId: within(answer.modelId, MOST_TOLD_ID),
    ...(answer.requestId === undefined ? {} : { requestId: within(answer.requestId, MOST_TOLD_ID) }),
  }
}

function boundedPart(part: ModelPart): ModelPart {
  if (part.kind !== 'tool-call') return part
  const { id, name, input } = part
  return {
    ...part,
    id: id.slice(-MOST_ID),
    name: within(name, MOST_NAME_CHARACTERS),
    input: boundedArguments(input),
  }
}

const within = (text: string, most: number): string => (text.length <= most ? text : boundedText(text, most))

function boundedArguments(input: Json): Json {
  const { length } = JSON.stringify(input)
  return length <= MOST_ARGUMENTS
    ? input
    : `(left out: arguments of ${length} characters; the most is ${MOST_ARGUMENTS}, larger values go by a file)`
}
