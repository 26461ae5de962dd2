import type { ModelSettings } from '../../../shared/domain/model-settings.ts'
import type { Models } from '../../../shared/ports/models.ts'
import type { Asked, Pieces } from './scripted-server.ts'

/** What a model answers, in no provider's words; the arguments of a call are a text, as models write them. */
export type Scene = {
  parts: readonly (
    | { text: string }
    | { id: string; name: string; arguments: string; signature?: string }
    | Thought
  )[]
  finish?: 'stop' | 'length' | 'tools' | 'filtered'
  usage?: { input: number; output: number; cached?: number } | undefined
}

/** What a model thinks, with the provider's signature; Bedrock may tell it as encrypted bytes, in base64. */
export type Thought = { thought: string; signature?: string; encrypted?: string }

/** A request as the server has received it. */
type Heard = {
  model: unknown
  maxTokens: unknown
  system: string
  messages: unknown
  tools: { name: unknown; schema: unknown }[]
  /** The tool that must be called, or `any`. */
  forced: unknown
  /** The JSON schema of the answer. */
  format: unknown
}

/** How a provider's server speaks. */
export type Wire = {
  name: ModelSettings['provider']
  model(url: string, settings?: Partial<ModelSettings>, silenceMilliseconds?: number): Models
  answer(scene: Scene): Pieces
  stream(scene: Scene): Pieces
  /** An error in the middle of a stream, as its last piece. */
  streamError(code: string, message: string): Buffer
  failure(status: number, code: string, headers?: Record<string, string>): Pieces
  heard(asked: Asked | undefined): Heard
}

export const REQUEST_ID = 'request-1'
export const MODEL_ID = 'model-1'
export const JSON_TYPE = { 'content-type': 'application/json' }
export const DEFAULT = { id: MODEL_ID, name: 'default', structured: 'tool', contextTokens: 8_000 } as const
/** Text is streamed in pieces of so many characters, which may part a character from its combining ones. */
const PIECE = 3

export const piecesOf = (text: string): string[] => {
  const characters = [...text]
  return Array.from({ length: Math.ceil(characters.length / PIECE) }, (_, index) =>
    characters.slice(index * PIECE, (index + 1) * PIECE).join(''),
  )
}
