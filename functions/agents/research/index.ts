import { defineAgent } from 'orchestrator/agent'
import { allowedHosts } from '../_support/outbound/allowed-hosts.ts'
import { fetchPage } from './fetch-page.ts'
import { readCorpus } from './read-corpus.ts'
import { FetchSchema, FindingsSchema, PageSchema, SearchSchema } from './schemas.ts'
import { searchPassages } from './search-passages.ts'

export default defineAgent({
  id: 'research',
  version: '2.1.0',
  typicalSeconds: 0.5,
  price: { mostUsd: 0, mostTokens: 0 },
  description:
    'Finds and cites passages that answer a question, in a folder of documents, and reads web pages.',
  needs: { hosts: true },
  capabilities: {
    'research.search': {
      description: 'Ranked passages with citations, by BM25 over a corpus of Markdown, text or HTML.',
      input: SearchSchema,
      output: FindingsSchema,
    },
    'research.fetch': {
      description: 'The readable text of a web page, of a host in allowedHosts of the stage.',
      input: FetchSchema,
      output: PageSchema,
    },
  },
  limits: { timeoutSeconds: 120, memoryMb: 1024 },
  async execute(call, context) {
    if (call.capability === 'research.fetch')
      return fetchPage(call.input, { allowedHosts: allowedHosts() }, context)
    const { input } = call
    const { documents, skipped } = await readCorpus(input.corpus, context)
    await context.progress(0.6, `${documents.length} documents read`)
    return { ...searchPassages(input.query, documents, input.limit), skipped }
  },
})
