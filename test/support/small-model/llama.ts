import { pathToFileURL } from 'node:url'
import type { SmallModel } from './get-small-model.ts'

/** What is used of node-llama-cpp, which is no dependency of the project. */
type Grammar = object
type Sequence = {
  clearHistory(): Promise<void>
  tokenMeter: { getState(): object; diff(before: object): { usedInputTokens: number } }
}
type Session = {
  setChatHistory(history: object[]): void
  promptWithMeta(
    prompt: string,
    options: {
      maxTokens: number
      temperature: number
      signal: AbortSignal
      grammar?: Grammar
      onTextChunk(text: string): void
      onToken(tokens: readonly unknown[]): void
    },
  ): Promise<{ responseText: string; stopReason: string }>
}
type Library = {
  getLlama(options: object): Promise<{
    loadModel(options: {
      modelPath: string
    }): Promise<{ createContext(options: object): Promise<{ getSequence(): Sequence }> }>
    createGrammarForJsonSchema(schema: object): Promise<Grammar>
    dispose(): Promise<void>
  }>
  LlamaChatSession: new (options: { contextSequence: Sequence; systemPrompt?: string }) => Session
}

export type Generation = {
  system: string
  prompt: string
  maxTokens: number
  schema?: object | undefined
  signal: AbortSignal
  onText(text: string): void
}
export type Generated = { text: string; finish: 'stop' | 'length'; inputTokens: number; outputTokens: number }
export type Llama = { generate(asked: Generation): Promise<Generated>; dispose(): Promise<void> }

export const CONTEXT_TOKENS = 2_048

/** The model, on the processor alone; one generation after the other. */
export async function loadLlama({ engine, weights }: SmallModel): Promise<Llama> {
  const { getLlama, LlamaChatSession } = (await import(pathToFileURL(engine).href)) as Library
  const llama = await getLlama({ gpu: false, build: 'never', logLevel: 'error' })
  const model = await llama.loadModel({ modelPath: weights })
  // Several threads wait for each other in busy loops: on a machine that is not idle they take minutes for a token.
  const context = await model.createContext({ contextSize: CONTEXT_TOKENS, threads: 1 })
  const sequence = context.getSequence()
  let before: Promise<unknown> = Promise.resolve()

  async function generate({
    system,
    prompt,
    maxTokens,
    schema,
    signal,
    onText,
  }: Generation): Promise<Generated> {
    signal.throwIfAborted()
    // All of the prompt is read and counted, and nothing of an earlier one is known.
    await sequence.clearHistory()
    const metered = sequence.tokenMeter.getState()
    let outputTokens = 0
    const session = new LlamaChatSession({ contextSequence: sequence })
    session.setChatHistory(system === '' ? [] : [{ type: 'system', text: system }])
    const { responseText, stopReason } = await session.promptWithMeta(prompt, {
      maxTokens,
      temperature: 0,
      signal,
      ...(schema ? { grammar: await llama.createGrammarForJsonSchema(schema) } : {}),
      onTextChunk: onText,
      onToken: (tokens) => {
        outputTokens += tokens.length
      },
    })
    const { usedInputTokens } = sequence.tokenMeter.diff(metered)
    return {
      text: responseText,
      finish: stopReason === 'maxTokens' ? 'length' : 'stop',
      inputTokens: usedInputTokens,
      outputTokens,
    }
  }

  return {
    generate(asked) {
      const next = before.then(() => generate(asked))
      before = next.catch(() => {})
      return next
    },
    dispose: () => llama.dispose(),
  }
}
