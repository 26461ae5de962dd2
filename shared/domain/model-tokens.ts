import type { ModelPrice, TokenUsage } from './price-table.ts'

/** Roles and separators that a provider puts around a message. */
const TOKENS_AROUND = 16
/** What providers write into the prompt by themselves where tools, or an answer in the form of a tool, are asked for. */
const TOKENS_OF_TOOLS = 800

type Prompt = {
  system: readonly string[]
  messages: readonly { parts: readonly ({ kind: 'text'; text: string } | { kind: string })[] }[]
  tools?: readonly { name: string; description: string; schema: unknown }[]
  answer?: { name: string; schema: unknown }
}

/**
 * An upper bound of the input tokens of a request: the UTF-8 bytes of what is sent, for any model with a byte-level vocabulary, which has no
 * token shorter than a byte. Characters a token differ by language and kind of text (numeric tables have hardly more than one).
 */
export function mostInputTokens({ system, messages, tools = [], answer }: Prompt): number {
  const texts = [
    ...system,
    ...messages.flatMap(({ parts }) =>
      parts.map((part) => ('text' in part ? part.text : JSON.stringify(part))),
    ),
    ...[...tools, ...(answer ? [answer] : [])].map((tool) => JSON.stringify(tool)),
  ]
  const told = texts.reduce((sum, text) => sum + bytesOf(text) + TOKENS_AROUND, 0)
  return told + (tools.length > 0 || answer ? TOKENS_OF_TOOLS : 0)
}

const encoder = new TextEncoder()

export const bytesOf = (text: string): number => encoder.encode(text).length

/** All tokens of a call. */
export const tokensOf = ({
  inputTokens,
  outputTokens,
  cacheReadTokens = 0,
  cacheWriteTokens = 0,
}: TokenUsage): number => inputTokens + outputTokens + cacheReadTokens + cacheWriteTokens

const MILLION = 1e6

/** The cost of these tokens, in US dollars. */
export function usdAt(price: ModelPrice, usage: TokenUsage): number {
  const { inputTokens, outputTokens, cacheReadTokens = 0, cacheWriteTokens = 0 } = usage
  const { input, output, cacheRead = input, cacheWrite = input } = price
  const parts = [
    inputTokens * input,
    outputTokens * output,
    cacheReadTokens * cacheRead,
    cacheWriteTokens * cacheWrite,
  ]
  return parts.reduce((sum, part) => sum + part, 0) / MILLION
}

/** The tokens of several calls together. */
export function addUsage<U extends TokenUsage & { estimated?: true }>(
  a: U,
  b: U,
): TokenUsage & { estimated?: true } {
  const cacheReadTokens = (a.cacheReadTokens ?? 0) + (b.cacheReadTokens ?? 0)
  const cacheWriteTokens = (a.cacheWriteTokens ?? 0) + (b.cacheWriteTokens ?? 0)
  return {
    inputTokens: a.inputTokens + b.inputTokens,
    outputTokens: a.outputTokens + b.outputTokens,
    ...(cacheReadTokens > 0 ? { cacheReadTokens } : {}),
    ...(cacheWriteTokens > 0 ? { cacheWriteTokens } : {}),
    ...(a.estimated || b.estimated ? { estimated: true as const } : {}),
  }
}
