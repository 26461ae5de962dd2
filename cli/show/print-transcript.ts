import type { TranscriptView } from '../../shared/contracts/transcript-views.ts'
import { shellWord } from '../../shared/domain/shell-word.ts'
import { callApi, callPages } from '../api-client.ts'
import { duration } from './duration.ts'
import { jsonText } from './json-text.ts'
import { say, style } from './output.ts'
import { print, printJson } from './terminal.ts'
import { hanging } from './visible.ts'

type Call = TranscriptView['calls'][number]

/** What the agent of a step has asked of language models and what they have answered, in order, over all its attempts. */
export async function printTranscript(
  id: string,
  stepId: string,
  { json }: { json?: boolean },
): Promise<void> {
  const all: Call[] = []
  for await (const page of callPages('listTaskStepTranscript', { id, stepId })) {
    all.push(...page.calls)
    if (!json) page.calls.forEach(printCall)
  }
  if (json) return printJson({ taskId: id, stepId, calls: all })
  if (all.length === 0) await sayNone(id, stepId)
}

/** A loop, a fan-out and a conversation ask nothing themselves: the steps in them do. */
async function sayNone(id: string, stepId: string): Promise<void> {
  const { items, round } = await callApi('getTaskStep', { id, stepId })
  const inner =
    items || round !== undefined
      ? `; those of the steps in it are: npx orchestrator steps ${id} --under ${shellWord(stepId)}, then show one of them`
      : ''
  say(`no call of a language model of step "${stepId}" is kept${inner}`)
}

function printCall({
  attempt,
  model,
  modelId,
  finish,
  errorName,
  errorMessage,
  usage,
  durationMs,
  ...call
}: Call): void {
  const { inputTokens = 0, outputTokens = 0, cacheReadTokens = 0, cacheWriteTokens = 0 } = usage ?? {}
  const facts = [
    modelId ?? '',
    finish ?? errorName ?? '',
    usage ? `${inputTokens + cacheReadTokens + cacheWriteTokens} in, ${outputTokens} out` : '',
    duration(durationMs),
  ]
  say(`${style('bold', `${model}, attempt ${attempt}`)}  ${facts.filter(Boolean).join(', ')}`)
  const { system, messages } = asRequest(call.request)
  if (!call.continues) for (const text of system) printSaid('system', text)
  for (const { role, parts } of messages) for (const part of parts) printSaid(role, textOf(part))
  for (const part of asAnswer(call.answer)) printSaid('answer', textOf(part))
  if (errorMessage !== undefined) printSaid('failed', errorMessage)
  print('')
}

const printSaid = (who: string, text: string): void => say(`  ${who}: ${hanging(text, 4)}`)

type Part = { kind?: string; text?: unknown; name?: string; input?: unknown; output?: unknown }

function textOf({ kind, text, name, input, output }: Part): string {
  if (kind === 'tool-call') return `calls ${name} ${jsonText(input)}`
  if (kind === 'tool-result') return `${name} has answered ${jsonText(output)}`
  return String(text ?? '')
}

const asRequest = (value: unknown): { system: string[]; messages: { role: string; parts: Part[] }[] } => ({
  system: [],
  messages: [],
  ...(value as object | null),
})

function asAnswer(value: unknown): Part[] {
  const { parts = [], value: structured } = (value ?? {}) as { parts?: Part[]; value?: unknown }
  return structured === undefined ? parts : [...parts, { text: jsonText(structured) }]
}
