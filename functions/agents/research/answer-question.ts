import * as z from 'zod'
import { ask, type Model } from '../_support/language/ask.ts'
import { citedAnswer } from '../_support/language/cited-answer.ts'
import { fenced } from '../_support/language/fenced.ts'
import { summarize } from '../_support/summarize.ts'
import type { Document } from './read-corpus.ts'
import type { Answered, AnswerQuestionInput, Findings } from './schemas.ts'
import { searchPassages } from './search-passages.ts'

const MOST_QUERIES = 4
const KEY_SENTENCES = 4

type Answer = Omit<Answered, 'skipped'>

/** With a model: it says what to search for, reads what is found, and answers with quotations. Without: the sentences that say most, which are their own quotations. */
export async function answerQuestion(
  { query, limit, engine }: AnswerQuestionInput,
  documents: readonly Document[],
  context: Model,
): Promise<Answer> {
  if (engine === 'extractive' || !context.model.has())
    return byExtract(query, searchPassages(query, documents, limit))
  const queries = [query, ...(await furtherQueries(query, context))]
  const found = merged(
    queries.map((one) => searchPassages(one, documents, limit)),
    limit,
  )
  if (found.passages.length === 0)
    return {
      ...found,
      query,
      queries,
      engine: 'extractive',
      answered: false,
      answer: '',
      statements: [],
      unfounded: 0,
    }
  const answer = await citedAnswer(context, query, found.passages)
  return { ...found, query, queries, ...answer, answer: textOf(answer.statements) }
}

async function furtherQueries(question: string, context: Model): Promise<string[]> {
  const { value } = await ask(context, {
    name: 'queries',
    system: `You write up to ${MOST_QUERIES - 1} further queries for a search by words (BM25) over documents, for a question: synonyms, terms of the field, parts of the question. A query is a few words.`,
    prompt: fenced('question', question),
    answer: z.object({ queries: z.array(z.string().min(1).max(200)).max(MOST_QUERIES - 1) }),
    maxOutputTokens: 300,
  })
  return value.queries.filter((one) => one !== question)
}

/** The findings of several queries, turn by turn, numbered anew; each passage once. */
function merged(all: readonly Omit<Findings, 'skipped'>[], limit: number): Omit<Findings, 'skipped'> {
  const longest = all.reduce((most, { passages }) => Math.max(most, passages.length), 0)
  const turns = Array.from({ length: longest }, (_, at) =>
    all.flatMap(({ passages }) => passages[at] ?? []),
  ).flat()
  const unique = [
    ...new Map(turns.map((passage) => [`${passage.source}\n${passage.text}`, passage])).values(),
  ]
  const passages = unique.slice(0, limit).map((passage, at) => ({ ...passage, citation: at + 1 }))
  return { query: all[0]?.query ?? '', engine: 'extractive', documents: all[0]?.documents ?? 0, passages }
}

function byExtract(query: string, found: Omit<Findings, 'skipped'>): Answer {
  const { passages } = found
  const key =
    passages.length === 0
      ? []
      : summarize(passages.map(({ text }) => text).join('\n'), KEY_SENTENCES, query).sentences
  const statements = key.flatMap((text) => {
    const passage = passages.find((one) => one.text.includes(text))
    return passage ? [{ text, citation: passage.citation, source: passage.source, quote: text }] : []
  })
  const answered = statements.length > 0
  return { ...found, queries: [query], answered, answer: textOf(statements), statements, unfounded: 0 }
}

const textOf = (statements: readonly { text: string; citation: number }[]): string =>
  statements.map(({ text, citation }) => `${text.trim()} [${citation}]`).join(' ')
