import { Readability } from '@mozilla/readability'
import { parseHTML } from 'linkedom'
import { type AgentContext, boundedWork, FinalError } from 'orchestrator/agent'
import { callHost, type Surroundings } from '../_support/outbound/call-host.ts'
import { requireSuccess } from '../_support/outbound/require-status.ts'
import type { FetchInput, Page } from './schemas.ts'
import { requireReadable, textOfHtml } from './text-of-html.ts'

const MOST_BYTES = 5_000_000
const MOST_REDIRECTS = 5
const MOST_MILLISECONDS = 10_000
/** Readability scores every element; a page of more is read as a whole. */
const MOST_ELEMENTS = 50_000

const HTML = /^(?:text\/html|application\/xhtml\+xml)\b/i
const TEXT = /^(?:text\/(?:plain|markdown|x-markdown|csv)|application\/json)\b/i

/** The readable text of a page: its article, without navigation and banners. Throws what `callHost` throws, FinalError for what is no text, and InvalidInputError for a page that is too large or too deep. */
export async function fetchPage(
  { url, maxCharacters, timeoutSeconds }: FetchInput,
  around: Surroundings,
  { signal }: Pick<AgentContext, 'signal'>,
): Promise<Page> {
  const asked = { url, method: 'GET', timeoutSeconds, mostBytes: MOST_BYTES, mostRedirects: MOST_REDIRECTS }
  const accept = 'text/html,application/xhtml+xml,text/markdown,text/plain;q=0.9,application/json;q=0.8'
  const answer = await callHost({ ...asked, headers: { accept } }, around, signal)
  requireSuccess(answer, 'GET')
  const type = answer.headers['content-type'] ?? 'text/html'
  if (!HTML.test(type) && !TEXT.test(type))
    throw new FinalError(`${answer.url} is ${type.slice(0, 100)}; pages, Markdown, text and JSON can be read`)
  const charset = /charset="?([\w-]+)/i.exec(type)?.[1]
  const raw = decoded(answer.body, charset)
  const { title, text } = HTML.test(type)
    ? boundedWork('the page', () => articleOf(raw), MOST_MILLISECONDS)
    : { title: '', text: raw }
  return {
    source: answer.url,
    title: title.slice(0, 500),
    text: text.slice(0, maxCharacters),
    characters: text.length,
    truncated: answer.truncated || text.length > maxCharacters,
    engine: 'extractive',
  }
}

function articleOf(html: string): { title: string; text: string } {
  requireReadable(html)
  const { document } = parseHTML(/<html[\s>]/i.test(html) ? html : `<html><body>${html}</body></html>`)
  const title = (document.title ?? '').replace(/\s+/g, ' ').trim()
  // It throws for more elements than the limit, and for what is no page to it. linkedom's document has all that it reads, not all of the DOM's type.
  const article = attempt(() =>
    new Readability(document as unknown as Document, { maxElemsToParse: MOST_ELEMENTS }).parse(),
  )
  const text = article?.content ? textOfHtml(article.content) : ''
  return { title: article?.title?.trim() || title, text: text || textOfHtml(html) }
}

function attempt<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch {
    return undefined
  }
}

function decoded(bytes: Buffer, charset = 'utf-8'): string {
  const decoder = attempt(() => new TextDecoder(charset)) ?? new TextDecoder()
  return decoder.decode(bytes)
}
