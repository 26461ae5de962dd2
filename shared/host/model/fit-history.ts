import { boundedText } from '../../domain/bounded.ts'
import { isJsonObject, type Json } from '../../domain/json.ts'
import { mostInputTokens } from '../../domain/model-tokens.ts'
import type { ModelMessage, ModelPart, ModelRequest, Models } from '../../ports/models.ts'

const LEFT_OUT = {
  note: 'left out here, to keep within the context: you have seen this result in an earlier turn',
}

/**
 * The request with as many of its oldest tool results left out as it takes to fit the context (tool-loop/L6): each keeps its call, and the file that it was kept in. The
 * results of the last turn stay. One that does not fit even so is returned as small as it gets, for the gate to refuse.
 */
export async function fitHistory(
  request: ModelRequest,
  contextTokens: number,
  count: Models['count'],
): Promise<ModelRequest> {
  const room = contextTokens - request.maxOutputTokens
  const fits = async (one: ModelRequest): Promise<boolean> =>
    mostInputTokens(one) <= room || (await counted(one, count)) <= room
  let smallest = request
  for (const messages of histories(request.messages)) {
    smallest = { ...request, messages }
    if (await fits(smallest)) return smallest
  }
  return smallest
}

/**
 * The messages, and the same with ever more of their oldest tool results left out, but for those of the last turn. Few, because each may be asked of
 * the provider: half of the results, three quarters, all.
 */
export function histories(messages: readonly ModelMessage[]): readonly (readonly ModelMessage[])[] {
  const old = messages
    .flatMap(({ parts }, at) => (parts.some(({ kind }) => kind === 'tool-result') ? [at] : []))
    .slice(0, -1)
  if (old.length === 0) return [messages]
  return [0, 0.5, 0.75, 1].map((share) => without(messages, old.slice(0, Math.ceil(old.length * share))))
}

/** Where the provider cannot count, the bound by bytes decides. */
const counted = async (request: ModelRequest, count: Models['count']): Promise<number> =>
  (await count?.(request).catch(() => undefined)) ?? Number.POSITIVE_INFINITY

const without = (messages: readonly ModelMessage[], places: readonly number[]): readonly ModelMessage[] =>
  messages.map((message, at) => (places.includes(at) ? leftOut(message) : message))

const leftOut = ({ role, parts }: ModelMessage): ModelMessage => ({
  role,
  parts: parts.map((part) => {
    if (part.kind !== 'tool-result') return part
    const { output } = part
    const isKept = typeof output === 'object' && output !== null && '$file' in output
    return { ...part, output: isKept ? { ...LEFT_OUT, $file: output.$file ?? '' } : LEFT_OUT }
  }),
})

const ARGUMENTS_LEFT_OUT = {
  note: 'left out here, to keep the conversation small: you have made this call in an earlier turn',
}
const MOST_EARLIER_TEXT = 2_000

/** Whether the arguments of a call were left out by `withoutArguments`. */
export const isLeftOut = (input: Json): boolean =>
  isJsonObject(input) && input.note === ARGUMENTS_LEFT_OUT.note

/** The messages with the arguments of earlier calls left out, and what the model has said in earlier turns shortened; the first and the last one stay. */
export const withoutArguments = (messages: readonly ModelMessage[]): readonly ModelMessage[] =>
  messages.map((message, at) =>
    message.role === 'user' || at === messages.length - 1
      ? message
      : { ...message, parts: message.parts.flatMap(shortened) },
  )

function shortened(part: ModelPart): ModelPart[] {
  // Without its arguments a call is not the one that its model has signed.
  if (part.kind === 'opaque') return []
  if (part.kind === 'text') return [{ ...part, text: boundedText(part.text, MOST_EARLIER_TEXT) }]
  return [part.kind === 'tool-call' ? { ...part, input: ARGUMENTS_LEFT_OUT } : part]
}
