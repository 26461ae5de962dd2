import MiniSearch from 'minisearch'
import { contentWords, stem } from '../_support/words.ts'
import type { Document } from './read-corpus.ts'
import type { Findings } from './schemas.ts'

type Passage = { id: number; source: string; heading: string; text: string }

const MAX_PASSAGE_CHARACTERS = 700
const MIN_PASSAGE_CHARACTERS = 40
/** Of one document, so that one long text does not fill the list. */
const MAX_PER_SOURCE = 3

/** BM25 over the passages of all documents: extractive, every passage word for word from its source. */
export function searchPassages(query: string, documents: readonly Document[], limit: number): Findings {
  const passages = documents.flatMap(passagesOf).map((passage, id) => ({ ...passage, id }))
  const index = new MiniSearch<Passage>({
    fields: ['text', 'heading', 'source'],
    storeFields: ['source', 'heading', 'text'],
    processTerm: (term) => contentWords(term).map(stem),
    searchOptions: { boost: { heading: 1.5, source: 0.5 }, prefix: (term) => term.length > 4 },
  })
  index.addAll(passages)
  const perSource = new Map<string, number>()
  const texts = new Set<string>()
  const found = index.search(query).filter(({ source, text }) => {
    // The same boilerplate stands in many files.
    if (texts.size === texts.add(text).size) return false
    const count = (perSource.get(source) ?? 0) + 1
    perSource.set(source, count)
    return count <= MAX_PER_SOURCE
  })
  return {
    query,
    engine: 'extractive',
    documents: documents.length,
    passages: found.slice(0, limit).map(({ source, heading, text, score }, position) => ({
      citation: position + 1,
      source,
      heading,
      text,
      score: Number(score.toFixed(3)),
    })),
  }
}

/** Paragraphs under their nearest heading; short ones are joined to the next. */
function passagesOf({ source, text }: Document): Omit<Passage, 'id'>[] {
  const passages: Omit<Passage, 'id'>[] = []
  let heading = ''
  let pending = ''
  const flush = (): void => {
    if (pending.length >= MIN_PASSAGE_CHARACTERS) passages.push({ source, heading, text: pending })
    pending = ''
  }
  for (const block of blocksOf(text)) {
    const title = /^#{1,6}\s+(.+)/.exec(block.trim())
    if (title) {
      flush()
      heading = (title[1] ?? '').replace(/[#*`]/g, '').trim()
    }
    const body = plainText(title ? block.trim().split('\n').slice(1).join('\n') : block)
    if (pending && pending.length + body.length > MAX_PASSAGE_CHARACTERS) flush()
    pending = cutAtWord(`${pending} ${body}`.trim())
  }
  flush()
  return passages
}

/** Blocks between empty lines; a code block is one, whatever is in it. */
function blocksOf(text: string): string[] {
  return text.match(/^ {0,3}(```|~~~)[\s\S]*?^ {0,3}\1.*$|(?:^(?!\s*$)(?! {0,3}(?:```|~~~)).*\n?)+/gm) ?? []
}

function cutAtWord(text: string): string {
  if (text.length <= MAX_PASSAGE_CHARACTERS) return text
  return `${text.slice(0, MAX_PASSAGE_CHARACTERS).replace(/\s+\S*$/, '')} …`
}

/** Markdown reduced to what is read: links to their text, without code blocks, badges, tags and table rules. */
function plainText(markdown: string): string {
  return markdown
    .replace(/^ {0,3}(```|~~~)[\s\S]*?(^ {0,3}\1.*$|(?![\s\S]))/gm, '')
    .replace(/!\[[^\]]*\](\([^)]*\)|\[[^\]]*\])/g, '')
    .replace(/\[([^\]]*)\](\([^)]*\)|\[[^\]]*\])/g, '$1')
    .replace(/^\[[^\]]+\]:.*$/gm, '')
    .replace(/<[^>]+>/g, '')
    .replace(/^[|\s:-]+$/gm, '')
    .replace(/\s+/g, ' ')
    .trim()
}
