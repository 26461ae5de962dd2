/**
 * Answers from passages, each statement with a quotation.
 *
 * Invariants (tests cite them):
 * cited/Q1 every statement that is told has a quotation that stands in the passage that it names, word for word but for white space
 * cited/Q2 a statement without such a quotation is left out and counted; an answer of which nothing is left is a failure, or says that the passages do not
 *    answer the question
 */
import { isQuotedFrom, LEAST_QUOTE, OrchestratorError } from 'orchestrator/agent'
import * as z from 'zod'
import { ask, type Model } from './ask.ts'
import { fenced } from './fenced.ts'

type Passage = { citation: number; source: string; text: string }

const MOST_TOKENS = 2_000

const AnswerSchema = z.object({
  answered: z.boolean().describe('Whether the passages answer the question'),
  statements: z
    .array(
      z.object({
        text: z.string().describe('One sentence of the answer, in the language of the question'),
        citation: z.number().int().describe('The number of the passage that says it'),
        quote: z.string().describe('The words of that passage that say it, copied exactly'),
      }),
    )
    .max(30),
})

export type Statement = { text: string; citation: number; source: string; quote: string }
export type CitedAnswer = { answered: boolean; statements: Statement[]; unfounded: number; engine: string }

const SYSTEM = `You answer a question from numbered passages only, never from what you know otherwise.
Write one statement for each thing that the passages say on the question. Each has the number of its passage and a quotation: at least ${LEAST_QUOTE} characters in a row, copied from that passage exactly, in its language. A statement whose quotation does not stand in the passage is thrown away.
Where the passages do not answer the question, say answered: false, and no statements.`

/** The answer of the stage's model. Throws ModelOutputError where it has quoted nothing that stands in the passages. */
export async function citedAnswer(
  context: Model,
  question: string,
  passages: readonly Passage[],
): Promise<CitedAnswer> {
  const told = passages.map(({ citation, source, text }) => fenced(`passage ${citation}, of ${source}`, text))
  const { value, engine } = await ask(context, {
    name: 'cited-answer',
    system: SYSTEM,
    prompt: `${told.join('\n')}\n\nThe question:\n${fenced('question', question)}`,
    answer: AnswerSchema,
    maxOutputTokens: MOST_TOKENS,
  })
  const statements = value.statements.flatMap(({ text, citation, quote }) => {
    const passage = passages.find((one) => one.citation === citation)
    return passage && isQuotedFrom(quote, passage.text)
      ? [{ text, citation, source: passage.source, quote }]
      : []
  })
  const unfounded = value.statements.length - statements.length
  if (value.answered && statements.length === 0)
    throw new OrchestratorError(
      'ModelOutputError',
      `${engine} has answered with ${unfounded} statements, and none of their quotations stands in the passages`,
    )
  return { answered: statements.length > 0, statements, unfounded, engine }
}
