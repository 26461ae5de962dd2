/**
 * A real model, of 135 million parameters, behind an OpenAI-compatible server: streams, counts of tokens, grammars, aborts and cut answers as a model makes them. It
 * proves nothing about the quality of answers: a model of this size says what it likes.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it, type TestContext } from 'vitest'
import { openaiCompatibleModel } from '../../functions/adapters/models/openai-compatible.ts'
import { mostInputTokens } from '../../shared/domain/model-tokens.ts'
import type { ModelRequest, Models } from '../../shared/ports/models.ts'
import { getSmallModel } from '../support/small-model/get-small-model.ts'
import { CONTEXT_TOKENS, type Llama, loadLlama } from '../support/small-model/llama.ts'
import { type SmallModelServer, serveModel } from '../support/small-model/server.ts'

const ID = 'smollm2-135m-instruct'

type World = { llama: Llama; server: SmallModelServer; model: Models }
let world: World | undefined
let missing = ''

beforeAll(async () => {
  try {
    const llama = await loadLlama(await getSmallModel())
    const server = await serveModel(llama, ID)
    const settings = {
      provider: 'openai-compatible',
      id: ID,
      url: server.url,
      structured: 'native',
      contextTokens: CONTEXT_TOKENS,
    } as const
    world = { llama, server, model: openaiCompatibleModel({ name: 'default', ...settings }) }
  } catch (error) {
    missing = error instanceof Error ? error.message : String(error)
    console.warn(`NOT TESTED with a real model: ${missing}`)
  }
}, 300_000)
beforeEach((context: TestContext) => {
  if (!world) context.skip(`there is no real model: ${missing}`)
})
afterAll(async () => {
  await world?.server[Symbol.asyncDispose]()
  await world?.llama.dispose()
})

const ask = (prompt: string, more: Partial<ModelRequest> = {}): ModelRequest => ({
  model: 'default',
  system: ['You are a helpful assistant.'],
  messages: [{ role: 'user', parts: [{ kind: 'text', text: prompt }] }],
  maxOutputTokens: 60,
  signal: new AbortController().signal,
  ...more,
})
const generate = (request: ModelRequest) => (world as World).model.generate(request)
const textOf = (parts: readonly object[]): string =>
  parts.flatMap((part) => ('text' in part ? [part.text] : [])).join('')

describe('a real model', () => {
  it('speaks, streamed and not, and says the same', async () => {
    const deltas: string[] = []
    const prompt = 'What is the capital of France?'
    const streamed = await generate(ask(prompt, { system: [], onText: (delta) => deltas.push(delta) }))
    const whole = await generate(ask(prompt, { system: [] }))
    expect(deltas.length).toBeGreaterThan(2)
    expect(deltas.join('')).toBe(textOf(streamed.parts))
    expect(textOf(whole.parts).trim()).toBe(textOf(streamed.parts).trim())
    expect(textOf(whole.parts).trim().length).toBeGreaterThan(3)
    expect({ finish: streamed.finish, modelId: streamed.modelId }).toEqual({ finish: 'stop', modelId: ID })
    expect(streamed.usage).toEqual(whole.usage)
    console.log(`it has said: ${JSON.stringify(textOf(whole.parts))} (${JSON.stringify(whole.usage)})`)
  })

  it.each([
    ['English', 'The quick brown fox jumps over the lazy dog. '.repeat(8)],
    ['numbers', Array.from({ length: 60 }, (_, at) => `${at * 7919},${(at * 0.37).toFixed(4)}`).join('\n')],
    ['Thai', 'สวัสดีชาวโลก '.repeat(12)],
    ['code', 'for (let i = 0; i < 10; i++) { console.log(`${i}: ${i ** 2}`) }\n'.repeat(6)],
  ])('takes no more tokens of %s than the bound that is held for it', async (_what, text) => {
    const request = ask(text, { maxOutputTokens: 1 })
    const { usage } = await generate(request)
    expect(usage.inputTokens).toBeGreaterThan(20)
    expect(usage.inputTokens).toBeLessThanOrEqual(mostInputTokens(request))
    console.log(`${usage.inputTokens} tokens; the bound is ${mostInputTokens(request)}`)
  })

  it('is cut off at the most output tokens', async () => {
    const cut = await generate(ask('Tell me a long story about a quokka.', { maxOutputTokens: 7 }))
    expect(cut).toMatchObject({ finish: 'length', usage: { outputTokens: 7 } })
    const streamed = await generate(
      ask('Tell me a long story about a quokka.', { maxOutputTokens: 7, onText: () => {} }),
    )
    expect(streamed).toMatchObject({ finish: 'length', usage: { outputTokens: 7 } })
  })

  it('keeps to a JSON schema by a grammar, whatever it would rather say', async () => {
    const schema = {
      type: 'object',
      properties: {
        city: { type: 'string', maxLength: 30 },
        isCapital: { type: 'boolean' },
        size: { enum: ['small', 'large'] },
      },
      required: ['city', 'isCapital', 'size'],
      additionalProperties: false,
    }
    const { value, finish } = await generate(
      ask('Write a poem about Paris.', { answer: { name: 'place', schema }, maxOutputTokens: 120 }),
    )
    expect(finish).toBe('stop')
    expect(value).toEqual({
      city: expect.any(String),
      isCapital: expect.any(Boolean),
      size: expect.stringMatching(/^(small|large)$/),
    })
    console.log(`it has answered ${JSON.stringify(value)}`)
  })

  it('has no value where its JSON is cut off', async () => {
    const schema = {
      type: 'object',
      properties: { story: { type: 'string', minLength: 400 } },
      required: ['story'],
      additionalProperties: false,
    }
    const cut = await generate(
      ask('Tell a story.', { answer: { name: 'story', schema }, maxOutputTokens: 12 }),
    )
    expect(cut.finish).toBe('length')
    expect(cut.value).toBeUndefined()
  })

  it('stops when it is left in the middle, and answers the next', async () => {
    const controller = new AbortController()
    const reason = new Error('left')
    let abortedAt = 0
    const onText = (): void => {
      abortedAt ||= performance.now()
      controller.abort(reason)
    }
    await expect(
      generate(
        ask('Tell me a very long story.', { maxOutputTokens: 1_500, onText, signal: controller.signal }),
      ),
    ).rejects.toBe(reason)
    await expect.poll(() => world?.server.running(), { timeout: 5_000, interval: 20 }).toBe(0)
    console.log(`the generation has ended ${(performance.now() - abortedAt).toFixed(0)} ms after it was left`)
    const { parts } = await generate(ask('Say hello.', { maxOutputTokens: 10 }))
    expect(textOf(parts)).not.toBe('')
  })
})
