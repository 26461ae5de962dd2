import type { Json } from 'orchestrator/agent'
import { askForSchema, type Model, requireModel } from '../_support/language/ask.ts'
import { fenced } from '../_support/language/fenced.ts'
import type { ExtractInput } from './schemas.ts'

const MOST_TOKENS = 4_000

const SYSTEM = `You find in a text what a schema asks for, and answer with a value that fits it.
Take values as the text has them; compute and invent nothing. What the text does not say is left out where the schema allows, or null where it allows that.`

/** A value that fits the schema, from a text. Throws ConfigError without a model: words cannot be told apart from what they mean by counting them. */
export function extract(
  { text, schema, instructions }: ExtractInput,
  context: Model,
): Promise<{ value: Json; engine: string }> {
  requireModel(context, 'text.extract')
  return askForSchema(context, {
    name: 'extraction',
    system: instructions === undefined ? SYSTEM : `${SYSTEM}\n${instructions}`,
    prompt: fenced('text', text),
    schema,
    maxOutputTokens: MOST_TOKENS,
  })
}
