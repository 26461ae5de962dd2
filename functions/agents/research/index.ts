import { defineAgent } from 'orchestrator/agent'
import { answerQuestion } from './answer-question.ts'
import { fetchPage } from './fetch-page.ts'
import { readCorpus } from './read-corpus.ts'
import {
  AnsweredSchema,
  AnswerQuestionSchema,
  FetchSchema,
  FindingsSchema,
  PageSchema,
  SearchSchema,
} from './schemas.ts'
import { searchPassages } from './search-passages.ts'

export default defineAgent({
  id: 'research',
  version: '2.1.0',
  typicalSeconds: 0.5,
  description:
    'Finds and cites passages that answer a question, in a folder of documents, and reads web pages.',
  needs: { models: ['default'], hosts: true },
  capabilities: {
    'research.search': {
      description: 'Ranked passages with citations, by BM25 over a corpus of Markdown, text or HTML.',
      input: SearchSchema,
      output: FindingsSchema,
    },
    'research.answer': {
      description:
        'Answers a question from a corpus, with quotations that are checked; without a model, by the sentences that say most.',
      input: AnswerQuestionSchema,
      output: AnsweredSchema,
    },
    'research.fetch': {
      description: 'The readable text of a web page, of a host in allowedHosts of the stage.',
      input: FetchSchema,
      output: PageSchema,
      outbound: true,
    },
  },
  limits: { timeoutSeconds: 300, memoryMb: 1024 },
  async execute(call, context) {
    if (call.capability === 'research.fetch') return fetchPage(call.input, context.settings, context)
    const { documents, skipped } = await readCorpus(call.input.corpus, context)
    await context.progress(0.6, `${documents.length} documents read`)
    if (call.capability === 'research.answer')
      return { ...(await answerQuestion(call.input, documents, context)), skipped }
    const { input } = call
    return { ...searchPassages(input.query, documents, input.limit), skipped }
  },
})
