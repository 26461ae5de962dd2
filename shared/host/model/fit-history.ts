import { mostInputTokens } from '../../domain/model-tokens.ts'
import type { ModelMessage, ModelRequest, Models } from '../../ports/models.ts'

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
  if (await fits(request)) return request
  const places = request.messages.flatMap(({ parts }, at) =>
    parts.some(({ kind }) => kind === 'tool-result') ? [at] : [],
  )
  const old = places.slice(0, -1)
  // Few looks, because each may ask the provider: half of the results, three quarters, all.
  for (const share of [0.5, 0.75]) {
    const smaller = without(request, old.slice(0, Math.ceil(old.length * share)))
    if (await fits(smaller)) return smaller
  }
  return without(request, old)
}

/** Where the provider cannot count, the bound by bytes decides. */
const counted = async (request: ModelRequest, count: Models['count']): Promise<number> =>
  (await count?.(request).catch(() => undefined)) ?? Number.POSITIVE_INFINITY

const without = (request: ModelRequest, places: readonly number[]): ModelRequest => ({
  ...request,
  messages: request.messages.map((message, at) => (places.includes(at) ? leftOut(message) : message)),
})

const leftOut = ({ role, parts }: ModelMessage): ModelMessage => ({
  role,
  parts: parts.map((part) => {
    if (part.kind !== 'tool-result') return part
    const { output } = part
    const isKept = typeof output === 'object' && output !== null && '$file' in output
    return { ...part, output: isKept ? { ...LEFT_OUT, $file: output.$file ?? '' } : LEFT_OUT }
  }),
})
