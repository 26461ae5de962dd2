/**
 * Keeps each call of a model with its attempt: what was asked, and what came of it.
 *
 * Invariants (tests cite them):
 * transcript/R1 a call that cannot be kept costs no call and no step
 * transcript/R2 a request that goes on from the one before, as in a loop of tools, is kept by what is new in it: all of them together
 *    have the size of the conversation
 * transcript/R3 what is kept of one call is bounded: long texts keep their head and tail
 * transcript/R4 opaque parts are for their model only, and are not kept
 */
import { boundedText } from '../../domain/bounded.ts'
import type { Json } from '../../domain/json.ts'
import { attemptNumber } from '../../domain/step.ts'
import type { TranscriptEntry } from '../../domain/transcript.ts'
import type { ModelAnswer, ModelPart, ModelRequest } from '../../ports/models.ts'
import type { StepRun } from '../step-run.ts'
import type { GateNeeds } from './host-models.ts'

/** A text of a request or an answer: a prompt of about 8,000 tokens is kept whole. */
const MOST_TEXT = 32_000
/** When there are many texts, each keeps less. */
const MOST_BYTES = 256_000
const SHORT_TEXTS = [8_000, 1_000, 100]
const MOST_WITH_ENTRY = 2_000

type Ended = Pick<
  TranscriptEntry,
  'startedAt' | 'durationMs' | 'modelId' | 'finish' | 'usage' | 'errorName' | 'errorMessage'
>

export type KeepTranscript = (request: ModelRequest, ended: Ended, answer?: ModelAnswer) => Promise<void>

export function keepTranscript(
  { transcripts, values, keepTranscripts = true, mask }: GateNeeds,
  { own, agentId, record, log }: StepRun,
): KeepTranscript {
  let count = 0
  let before: ModelRequest | undefined
  if (!keepTranscripts) return async () => {}
  return async (request, ended, answer) => {
    count += 1
    const id = `${own.fence}#${String(count).padStart(4, '0')}`
    const fresh = newSince(before, request)
    before = request
    try {
      const store = (value: unknown) =>
        values.storeValue(own.taskId, bounded(mask ? mask.value(value) : value), MOST_WITH_ENTRY)
      const [asked, answered] = await Promise.all([
        store(fresh ?? wholeOf(request)),
        answer && store({ parts: shown(answer).parts, value: answer.value }),
      ])
      const entry = {
        id,
        attempt: attemptNumber(record.attempts),
        agentId,
        model: request.model,
        ...ended,
        continues: fresh !== undefined,
        request: asked,
        ...(answered ? { answer: answered } : {}),
      }
      await transcripts.addEntry(own, mask ? mask.value(entry) : entry)
    } catch (reason) {
      // transcript/R1
      log.warn('call of a model not kept', { model: request.model, reason: String(reason) })
    }
  }
}

const wholeOf = ({ system, messages, tools, answer, maxOutputTokens }: ModelRequest): object => ({
  ...{ system, messages: messages.map(shown), tools, answer, maxOutputTokens },
})

/** transcript/R4 */
const shown = <M extends { parts: readonly ModelPart[] }>(message: M): M => ({
  ...message,
  parts: message.parts.filter(({ kind }) => kind !== 'opaque'),
})

/** What is new in a request that begins as the one before it did (transcript/R2). */
function newSince(before: ModelRequest | undefined, request: ModelRequest): object | undefined {
  if (!before || before.model !== request.model || before.messages.length >= request.messages.length)
    return undefined
  const begins = (one: ModelRequest, messages = one.messages): string =>
    JSON.stringify([one.system, one.tools, one.answer, messages])
  if (begins(before) !== begins(request, request.messages.slice(0, before.messages.length))) return undefined
  return {
    messages: request.messages.slice(before.messages.length).map(shown),
    maxOutputTokens: request.maxOutputTokens,
  }
}

/** transcript/R3 */
function bounded(value: unknown): Json {
  for (const most of [MOST_TEXT, ...SHORT_TEXTS]) {
    const text = JSON.stringify(value, (_name, member: unknown) =>
      typeof member === 'string' ? boundedText(member, most) : member,
    )
    if (text.length <= MOST_BYTES) return JSON.parse(text) as Json
  }
  return { note: `larger than ${MOST_BYTES} characters, and not kept` }
}
