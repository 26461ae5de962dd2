import type { AgentContext } from 'orchestrator/agent'

type Document = { name: string; text: string }

/** The planner's prompt takes no more of all documents together. */
const MOST_CHARACTERS = 2_000
const MOST_BYTES = 16_384
const MOST_FILES = 5

/** The beginnings of the first files, and the names of those in a folder; what is no text is named only. */
export async function readBeginnings(
  { files, log }: Pick<AgentContext, 'files' | 'log'>,
  references: readonly { $file: string }[],
): Promise<Document[]> {
  const documents: Document[] = []
  for (const reference of references.slice(0, MOST_FILES)) {
    const name = reference.$file.split('/').slice(2).join('/')
    try {
      const text = reference.$file.endsWith('/')
        ? (await files.list(reference))
            .map(({ key, bytes }) => `${key.split('/').slice(2).join('/')} (${bytes} bytes)`)
            .join('\n')
        : await beginningOf(files, reference)
      documents.push({ name, text: text.slice(0, MOST_CHARACTERS).toWellFormed() })
    } catch (error) {
      // A plan may be made without it, and the step that reads the file tells what is wrong with it.
      log.warn('file not read', { reason: error instanceof Error ? error.name : 'unknown' })
    }
  }
  return documents
}

async function beginningOf(files: AgentContext['files'], reference: { $file: string }): Promise<string> {
  const { body, contentType, bytes } = await files.read(reference)
  const chunks: Uint8Array[] = []
  let read = 0
  for await (const chunk of body) {
    chunks.push(chunk)
    read += chunk.length
    if (read >= MOST_BYTES) break
  }
  const start = Buffer.concat(chunks).subarray(0, MOST_BYTES)
  if (start.includes(0)) return `(${contentType}, ${bytes} bytes: no text)`
  return new TextDecoder().decode(start)
}
