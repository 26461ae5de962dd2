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
export function searchPassages(
  query: string,
  documents: readonly Document[],
  limit: number,
): Omit<Findings, 'skipped'> {
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

/** Paragraphs under their nearest heading; short ones are joined to the next, long ones are split between words. */
function passagesOf({ source, text }: Document): Omit<Passage, 'id'>[] {
  const passages: Omit<Passage, 'id'>[] = []
  let heading = ''
  let pending = ''
  const flush = (least: number): void => {
    if (pending.length >= least) passages.push({ source, heading, text: pending })
    pending = ''
  }
  for (const block of blocksOf(text)) {
    const title = /^#{1,6}\s+(.+)/.exec(block)
    if (title) {
      flush(MIN_PASSAGE_CHARACTERS)
      heading = (title[1] ?? '').replace(/[#*`]/g, '').trim()
    }
    for (const part of splitAtWords(plainText(title ? block.split('\n').slice(1).join('\n') : block))) {
      if (pending && pending.length + part.length > MAX_PASSAGE_CHARACTERS) flush(1)
      pending = `${pending} ${part}`.trim()
    }
  }
  flush(passages.length === 0 ? 1 : MIN_PASSAGE_CHARACTERS)
  return passages
}

/** Blocks between empty lines, without code blocks: they are searched for what they say, not for what they do. */
function blocksOf(text: string): string[] {
  const blocks: string[] = []
  let lines: string[] = []
  let fence: string | undefined
  const flush = (): void => {
    if (lines.length > 0) blocks.push(lines.join('\n'))
    lines = []
  }
  for (const line of text.split('\n')) {
    const mark = /^ {0,3}(```|~~~)/.exec(line)?.[1]
    if (fence ? mark === fence : mark) {
      flush()
      fence = fence ? undefined : mark
    } else if (!fence && line.trim() === '') flush()
    else if (!fence) lines.push(line)
  }
  flush()
  return blocks
}

function splitAtWords(text: string): string[] {
  const parts: string[] = []
  let rest = text
  while (rest.length > MAX_PASSAGE_CHARACTERS) {
    const space = rest.lastIndexOf(' ', MAX_PASSAGE_CHARACTERS)
    const at = space > 0 ? space : MAX_PASSAGE_CHARACTERS
    parts.push(rest.slice(0, at))
    rest = rest.slice(at).trim()
  }
  return rest ? [...parts, rest] : parts
}

/** Markdown reduced to what is read: links to their text, without badges, tags and table rules. */
function plainText(markdown: string): string {
  return markdown
    .replace(/!\[[^\]]*\](\([^)]*\)|\[[^\]]*\])/g, '')
    .replace(/\[([^\]]*)\](\([^)]*\)|\[[^\]]*\])/g, '$1')
    .replace(/^\[[^\]]+\]:.*$/gm, '')
    .replace(/<[^>]+>/g, '')
    .replace(/^[|\s:-]+$/gm, '')
    .replace(/\s+/g, ' ')
    .trim()
}
