import { defineAgent } from 'orchestrator/agent'
import { readCorpus } from './read-corpus.ts'
import { FindingsSchema, SearchSchema } from './schemas.ts'
import { searchPassages } from './search-passages.ts'

export default defineAgent({
  id: 'research',
  version: '2.0.0',
  typicalSeconds: 0.5,
  price: { mostUsd: 0, mostTokens: 0 },
  description: 'Finds and cites passages that answer a question, in a folder of documents.',
  capabilities: {
    'research.search': {
      description: 'Ranked passages with citations, by BM25 over a corpus of Markdown, text or HTML.',
      input: SearchSchema,
      output: FindingsSchema,
    },
  },
  limits: { timeoutSeconds: 120, memoryMb: 1024 },
  async execute({ input }, context) {
    const { documents, skipped } = await readCorpus(input.corpus, context)
    await context.progress(0.6, `${documents.length} documents read`)
    return { ...searchPassages(input.query, documents, input.limit), skipped }
  },
})
