import * as z from 'zod'
import { ask, type Model, requireModel } from '../_support/language/ask.ts'
import { fenced } from '../_support/language/fenced.ts'
import type { WriteInput } from './schemas.ts'

/** Tokens that a word may take in languages of long words and other scripts. */
const TOKENS_OF_A_WORD = 4
const LEAST_TOKENS = 500

const SYSTEM = `You write a text for a task. Where you are given material, take facts from it alone and invent none. Where you are given a draft, revise it; keep what is right, and heed the critique.
Write the text only: no preface, no remark on it.`

/** A text for a task, or a revised one. Throws ConfigError without a model. */
export async function writeText(
  input: WriteInput,
  context: Model,
): Promise<{ text: string; engine: string }> {
  requireModel(context, 'text.write')
  const { task, material, draft, critique, words, instructions } = input
  const parts = [
    fenced('task', task),
    material === undefined ? '' : fenced('material', material),
    draft === undefined ? '' : fenced('draft', draft),
    critique === undefined ? '' : fenced('critique of the draft', critique),
    `At most ${words} words.`,
  ]
  const { value, engine } = await ask(context, {
    name: 'text',
    system: instructions === undefined ? SYSTEM : `${SYSTEM}\n${instructions}`,
    prompt: parts.filter((part) => part !== '').join('\n\n'),
    answer: z.object({ text: z.string().min(1) }),
    maxOutputTokens: Math.max(LEAST_TOKENS, words * TOKENS_OF_A_WORD),
  })
  return { text: value.text, engine }
}
