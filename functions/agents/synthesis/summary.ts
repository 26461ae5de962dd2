import * as z from 'zod'
import { ask, type Model } from '../_support/language/ask.ts'
import { fenced } from '../_support/language/fenced.ts'
import { summarize } from '../_support/summarize.ts'
import type { SummarizeInput } from './schemas.ts'

const MOST_TOKENS = 2_000

/** A text in at most so many sentences. */
export async function summary({ text, sentences, engine }: SummarizeInput, context: Model) {
  if (engine === 'extractive' || !context.model.has()) return summarize(text, sentences)
  const asked = await ask(context, {
    name: 'summary',
    system: `You say what a text says in at most ${sentences} sentences, in the language of the text, the most important first. Nothing that the text does not say.`,
    prompt: fenced('text', text),
    answer: z.object({ sentences: z.array(z.string().min(1)).min(1).max(sentences) }),
    maxOutputTokens: MOST_TOKENS,
  })
  return { engine: asked.engine, sentences: asked.value.sentences, unread: 0 }
}
