import type { Ask, FoundModel } from './found-model.ts'
import { llamaCpp, ollama, openaiCompatible } from './servers.ts'

type Where = {
  /** ORCHESTRATOR_MODEL_URL: the only address that is asked, where it is not empty. */
  url?: string | undefined
  /** ORCHESTRATOR_MODEL: the id of the model to take. */
  model?: string | undefined
  milliseconds?: number
  /** Where Ollama and llama.cpp usually listen. */
  usual?: { ollama: string; llamaCpp: string }
}
/** `problem` is told where an address that a person has given is of no use. */
export type Search = { found?: FoundModel; problem?: string }

const USUAL = { ollama: 'http://127.0.0.1:11434', llamaCpp: 'http://127.0.0.1:8080' }
const MOST_MILLISECONDS = 300
/** A list of models is smaller. */
const MOST_CHARACTERS = 2_000_000

/**
 * Looks for a server of language models: at `url`, or else at the usual addresses of Ollama and llama.cpp. It takes no longer than
 * `milliseconds` (300) and never rejects.
 */
export async function findModel(where: Where): Promise<Search> {
  const { url = '', model = '', milliseconds = MOST_MILLISECONDS, usual = USUAL } = where
  const until = new AbortController()
  const from = performance.now()
  let timer = setTimeout(() => {
    // While this process was busy with its start, no answer could be read: that time does not count.
    const late = performance.now() - from - milliseconds
    timer = setTimeout(() => until.abort(), Math.min(late, milliseconds))
  }, milliseconds)
  const at = (address: string, servers: readonly (typeof ollama)[]) => {
    const origin = new URL(address)
    const asking = { origin, wanted: model || undefined, ask: askAt(origin, until.signal) }
    return servers.map((server) => server(asking).catch(() => undefined))
  }
  try {
    if (url === '') return await first([...at(usual.ollama, [ollama]), ...at(usual.llamaCpp, [llamaCpp])])
    if (!/^https?:\/\//i.test(url) || !URL.canParse(url))
      return {
        problem: `ORCHESTRATOR_MODEL_URL is "${url}", which is no URL; an example is ${USUAL.ollama}/v1`,
      }
    const { found } = await first(at(url, [ollama, llamaCpp, openaiCompatible]))
    if (found) return { found }
    const wanted = model === '' ? 'no model' : `no model "${model}" (ORCHESTRATOR_MODEL)`
    return {
      problem: `ORCHESTRATOR_MODEL_URL is ${shownUrl(url)}: ${wanted} was found there within ${milliseconds} ms; is an OpenAI-compatible server running?`,
    }
  } finally {
    clearTimeout(timer)
    until.abort()
  }
}

/** The first in their order that has found one. */
async function first(searches: readonly Promise<FoundModel | undefined>[]): Promise<Search> {
  for (const search of searches) {
    const found = await search
    if (found) return { found }
  }
  return {}
}

/** Without what may be a password. */
function shownUrl(url: string): string {
  const { origin, pathname } = new URL(url)
  return pathname === '/' ? origin : `${origin}${pathname}`
}

/** Paths of the servers' own APIs begin at the root, wherever the OpenAI-compatible one is. */
const askAt =
  (origin: URL, signal: AbortSignal): Ask =>
  async (path, body) => {
    const base = path === '/models' ? origin.pathname.replace(/\/+$/, '') : ''
    const post = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }
    try {
      const response = await fetch(`${origin.origin}${base}${path}`, {
        ...post,
        signal,
        redirect: 'error',
        headers: { accept: 'application/json', 'content-type': 'application/json' },
      })
      if (!response.ok || Number(response.headers.get('content-length') ?? 0) > MOST_CHARACTERS) {
        await response.body?.cancel()
        return undefined
      }
      const answer: unknown = await response.json()
      return typeof answer === 'object' && answer !== null ? { ...answer } : undefined
    } catch {
      return undefined
    }
  }
