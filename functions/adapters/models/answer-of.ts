import type { Json } from '../../../shared/domain/json.ts'
import { isTooDeep, MOST_JSON_LEVELS } from '../../../shared/domain/not-json.ts'
import type { TokenUsage } from '../../../shared/domain/price-table.ts'
import type { ModelAnswer, ModelPart, ModelRequest } from '../../../shared/ports/models.ts'
import { mostUsageOf } from './most-usage.ts'
import { answerIn, jsonIn, ownArguments } from './structured.ts'
import { wireId } from './tool-names.ts'

/** An answer as a provider has given it, with the names of the port. */
export type Draft = {
  parts: readonly ModelPart[]
  finish: ModelAnswer['finish']
  /** Undefined where the provider has not told it. */
  usage: TokenUsage | undefined
  modelId: string
  requestId?: string | undefined
}

/**
 * The answer of the port: a structured answer that came as a call of a tool becomes text and value, and `finish` says `tools` whenever
 * tools are to be called, which not all servers say. An answer that calls other tools too is not given yet: it has no value.
 */
export function answerOf(request: ModelRequest, draft: Draft): ModelAnswer {
  const { answer } = request
  const told = draft.parts.flatMap(readable).map((part) => ownArguments(part, request))
  const given = told.flatMap((part) => (isCall(part, answer?.name) ? [part.input] : []))
  const all = told.flatMap((part): ModelPart[] => {
    if (isCall(part, answer?.name)) return [{ kind: 'text', text: textOf(part.input) }]
    return part.kind === 'text' && part.text === '' ? [] : [part]
  })
  const parts = withOwnIds(wantsBack(all) ? all : all.filter(({ kind }) => kind !== 'opaque'), request)
  const calls = parts.some(({ kind }) => kind === 'tool-call')
  const isCut = draft.finish === 'length' || draft.finish === 'filtered'
  const finish = isCut ? draft.finish : calls ? 'tools' : 'stop'
  const value = answer && !calls && finish !== 'filtered' ? valueIn(answer.schema, given, told) : undefined
  return {
    parts,
    ...(value === undefined ? {} : { value }),
    finish,
    usage: draft.usage ?? { ...mostUsageOf(request), estimated: true },
    modelId: draft.modelId,
    ...(draft.requestId === undefined ? {} : { requestId: draft.requestId }),
  }
}

/** Arguments that are nested too deeply to be stored and sent again are replaced by a text that says so, which fits no tool's schema. */
function readable(part: ModelPart): ModelPart[] {
  if (part.kind === 'tool-call' && isTooDeep(part.input)) return [{ ...part, input: TOO_DEEP }]
  return part.kind === 'opaque' && isTooDeep(part.data) ? [] : [part]
}

const TOO_DEEP = `(left out: nested deeper than ${MOST_JSON_LEVELS} levels)`

/** What a model wants back unread is kept with calls of tools only, and is bounded: it is stored with each turn. */
const MOST_OPAQUE_CHARACTERS = 262_144

function wantsBack(parts: readonly ModelPart[]): boolean {
  const opaque = parts.filter(({ kind }) => kind === 'opaque')
  if (opaque.length === 0 || !parts.some(({ kind }) => kind === 'tool-call')) return false
  return JSON.stringify(opaque).length <= MOST_OPAQUE_CHARACTERS
}

/**
 * The parts with ids of calls that no other call of the conversation has: some servers tell one id for several calls, and some number those of each
 * answer anew, which the model that is fallen back to may refuse.
 */
function withOwnIds(parts: readonly ModelPart[], { messages }: ModelRequest): ModelPart[] {
  const taken = new Set(
    messages.flatMap((message) =>
      message.parts.flatMap((part) => (part.kind === 'tool-call' ? [wireId(part.id)] : [])),
    ),
  )
  return parts.map((part) => {
    if (part.kind !== 'tool-call') return part
    let id = part.id
    for (let next = 2; taken.has(wireId(id)); next++) id = `${part.id}_${next}`
    taken.add(wireId(id))
    return { ...part, id }
  })
}

type Call = ModelPart & { kind: 'tool-call' }

const isCall = (part: ModelPart, name: string | undefined): part is Call =>
  part.kind === 'tool-call' && part.name === name

/** Arguments that are no JSON are their own text. */
const textOf = (input: Json): string => (typeof input === 'string' ? input : JSON.stringify(input))

function valueIn(schema: Json, given: readonly Json[], parts: readonly ModelPart[]): Json | undefined {
  const text = parts.flatMap((part) => (part.kind === 'text' ? [part.text] : [])).join('')
  const [first] = given
  const made = first === undefined ? jsonIn(text) : typeof first === 'string' ? jsonIn(first) : first
  return made === undefined ? undefined : answerIn(schema, made)
}
