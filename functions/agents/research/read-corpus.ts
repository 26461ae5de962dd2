import type { AgentContext } from '../../../shared/agent/define-agent.ts'
import { OrchestratorError } from '../../../shared/domain/errors.ts'
import { textOfHtml } from './text-of-html.ts'

export type Document = { source: string; text: string }

const READABLE = /\.(md|markdown|mdx|txt|rst|html?|adoc)$/i
const HTML = /\.html?$/i
const AT_ONCE = 16

/** The documents of a corpus, HTML reduced to its text. Throws InvalidInputError when nothing in it can be read. */
export async function readCorpus(
  corpus: { $file: string } | Document[],
  { files, signal }: Pick<AgentContext, 'files' | 'signal'>,
): Promise<Document[]> {
  if (Array.isArray(corpus)) return corpus
  const all = await files.list(corpus)
  const readable = all.filter(({ key, bytes }) => READABLE.test(key) && bytes > 0)
  if (readable.length === 0) {
    const message = `${corpus.$file} holds ${all.length} files, none of them Markdown, text or HTML with something in it`
    throw new OrchestratorError('InvalidInputError', message)
  }
  const documents: Document[] = []
  for (let start = 0; start < readable.length; start += AT_ONCE) {
    signal.throwIfAborted()
    const batch = readable.slice(start, start + AT_ONCE)
    documents.push(...(await Promise.all(batch.map(({ key }) => readDocument(key, corpus.$file, files)))))
  }
  return documents
}

async function readDocument(key: string, root: string, files: AgentContext['files']): Promise<Document> {
  const text = await files.readText(key)
  const source = root.endsWith('/') ? key.slice(root.length) : (key.split('/').at(-1) ?? key)
  return { source, text: HTML.test(key) ? textOfHtml(text) : text }
}
