import { expect } from 'vitest'
import type { ModelSettings } from '../../../shared/domain/model-settings.ts'
import { mostInputTokens } from '../../../shared/domain/model-tokens.ts'
import type { ModelRequest } from '../../../shared/ports/models.ts'
import { bedrockWire } from './bedrock-wire.ts'
import { openaiWire } from './openai-wire.ts'
import type { ScriptedServer } from './scripted-server.ts'
import { MODEL_ID, REQUEST_ID, type Scene, type Wire } from './wire.ts'

/** The two adapters, which one suite holds to the same behaviour. */
export const WIRES: readonly Wire[] = [bedrockWire, openaiWire]

export const TEXT = 'Grüße, 你好! 👩🏽‍🚀 e\u0301'
export const USAGE = { input: 120, output: 9 }
export const PLAIN: Scene = { parts: [{ text: TEXT }], usage: USAGE }
/** What both tell of PLAIN besides its parts. */
export const TOLD = {
  usage: { inputTokens: 120, outputTokens: 9 },
  modelId: MODEL_ID,
  requestId: REQUEST_ID,
}
export const SCHEMA = {
  type: 'object',
  properties: { city: { type: 'string' } },
  required: ['city'],
  additionalProperties: false,
}

export const ask = (more: Partial<ModelRequest> = {}): ModelRequest => ({
  model: 'default',
  system: ['Be brief.'],
  messages: [{ role: 'user', parts: [{ kind: 'text', text: 'Hello' }] }],
  maxOutputTokens: 64,
  signal: new AbortController().signal,
  ...more,
})

/** The most that a request can use, as an estimate. */
export const most = (request: ModelRequest) => ({
  inputTokens: mostInputTokens(request),
  outputTokens: request.maxOutputTokens,
  estimated: true,
})

/** The name, message, details and cause of the error with which work ends. */
export async function failureOf(work: Promise<unknown>) {
  const error = (await work.then(
    (value) => expect.fail(`it has answered ${JSON.stringify(value)}`),
    (thrown: unknown) => thrown,
  )) as Error & { details: Record<string, unknown> }
  return { name: error.name, message: error.message, details: error.details, cause: error.cause }
}

type Play = { scene: Scene; request: Partial<ModelRequest>; settings: Partial<ModelSettings> }

/** What a request is answered with when the server plays a scene, and what the server was asked. */
export async function playScene(wire: Wire, server: ScriptedServer, { scene, request, settings }: Play) {
  server.script(request.onText ? wire.stream(scene) : wire.answer(scene))
  const answer = await wire.model(server.url, settings).generate(ask(request))
  return { answer, heard: wire.heard(server.asked.at(-1)), times: server.asked.length }
}
