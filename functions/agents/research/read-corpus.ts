import {
  type AgentContext,
  type AgentFiles,
  isOrchestratorError,
  OrchestratorError,
} from 'orchestrator/agent'
import { textOfHtml } from './text-of-html.ts'

type Reading = Pick<AgentContext, 'log'> & { files: Pick<AgentFiles, 'list' | 'readText'> }

export type Document = { source: string; text: string }
/** `skipped`: files that are not empty, but not readable as Markdown, text or HTML. */
export type Corpus = { documents: Document[]; skipped: number }

const READABLE = /\.(md|markdown|mdx|txt|rst|html?|adoc)$/i
const HTML = /\.html?$/i
const AT_ONCE = 16
/** All documents are held in memory at once. */
const MAX_TOTAL_BYTES = 100 * 1024 * 1024

/** The documents of a corpus, HTML reduced to its text. Throws InvalidInputError when none of it can be read. */
export async function readCorpus(
  corpus: { $file: string } | Document[],
  { files, signal, log }: Reading & Pick<AgentContext, 'signal'>,
): Promise<Corpus> {
  if (Array.isArray(corpus)) return { documents: corpus, skipped: 0 }
  const all = await files.list(corpus)
  const readable = all.filter(({ key, bytes }) => READABLE.test(key) && bytes > 0)
  const total = readable.reduce((sum, { bytes }) => sum + bytes, 0)
  if (total > MAX_TOTAL_BYTES) {
    throw bad(`${corpus.$file} holds ${total} bytes of text; this reads at most ${MAX_TOTAL_BYTES}`)
  }
  const documents: Document[] = []
  for (let start = 0; start < readable.length; start += AT_ONCE) {
    signal.throwIfAborted()
    const batch = readable.slice(start, start + AT_ONCE)
    const read = await Promise.all(batch.map(({ key }) => readDocument(key, corpus.$file, { files, log })))
    documents.push(...read.filter((document) => document !== undefined))
  }
  if (documents.length > 0) {
    const filled = all.filter(({ bytes }) => bytes > 0)
    return { documents, skipped: filled.length - documents.length }
  }
  throw bad(`${corpus.$file} holds ${all.length} files, none of them readable Markdown, text or HTML`)
}

/** One unreadable file does not fail the others. */
async function readDocument(
  key: string,
  root: string,
  { files, log }: Reading,
): Promise<Document | undefined> {
  try {
    const text = await files.readText(key)
    const source = root.endsWith('/') ? key.slice(root.length) : (key.split('/').at(-1) ?? key)
    return { source, text: HTML.test(key) ? textOfHtml(text) : text }
  } catch (error) {
    if (!isOrchestratorError(error, 'InvalidInputError')) throw error
    log.warn('file skipped', { key, reason: error.message })
    return undefined
  }
}

function bad(message: string): OrchestratorError {
  return new OrchestratorError('InvalidInputError', message)
}
