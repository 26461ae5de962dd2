import type { ModelSettings } from '../../../shared/domain/model-settings.ts'

/** A server of language models that runs, and the model of it that is taken as `models.default`. */
export type FoundModel = {
  /** In words: `Ollama`. */
  server: string
  settings: ModelSettings
  /** Whether the server has not told its context, so that it is assumed. */
  assumesContext: boolean
}

/** What a server answers; undefined where it does not answer, or not with JSON of an object. */
export type Ask = (path: string, body?: object) => Promise<Readonly<Record<string, unknown>> | undefined>

type Facts = {
  server: string
  origin: URL
  id: string
  /** Tokens of input and output together, as the server has set it up; undefined where it does not say. */
  contextTokens: number | undefined
}

/** Where a server does not tell its context. */
const ASSUMED_TOKENS = 8_192
const LEAST_TOKENS = 1_000
const MOST_TOKENS = 10_000_000

/** The settings for a model at `<origin>/v1`, or under the path that the origin has. On this machine it costs nothing. */
export function foundModel({ server, origin, id, contextTokens }: Facts): FoundModel {
  const isHere = isLoopback(origin)
  const path = origin.pathname === '/' ? '/v1' : origin.pathname.replace(/\/+$/, '')
  return {
    server,
    assumesContext: contextTokens === undefined,
    settings: {
      provider: 'openai-compatible',
      id,
      url: `${origin.origin}${path}`,
      structured: isHere ? 'native' : 'tool',
      contextTokens: Math.min(Math.max(contextTokens ?? ASSUMED_TOKENS, LEAST_TOKENS), MOST_TOKENS),
      ...(isHere ? { price: { input: 0, output: 0 } } : {}),
    },
  }
}

const isLoopback = ({ hostname }: URL): boolean => /^(localhost|127\.[\d.]+|\[::1\])$/.test(hostname)

/** A whole number of at least 1, as servers tell sizes. */
export const sizeIn = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : undefined

export const recordIn = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {}

export const listIn = (value: unknown): Readonly<Record<string, unknown>>[] =>
  Array.isArray(value) ? value.map(recordIn) : []

/** Texts of a list's members under one name, without those that are too long for an id. */
export const idsIn = (list: readonly Readonly<Record<string, unknown>>[], name: string): string[] =>
  list.flatMap(({ [name]: id }) => (typeof id === 'string' && id !== '' && id.length <= 200 ? [id] : []))
