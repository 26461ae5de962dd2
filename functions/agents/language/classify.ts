import { OrchestratorError } from 'orchestrator/agent'
import * as z from 'zod'
import { ask, type Model } from '../_support/language/ask.ts'
import { fenced } from '../_support/language/fenced.ts'
import { contentWords, stem } from '../_support/words.ts'
import type { Classified, ClassifyInput } from './schemas.ts'

const MOST_TOKENS = 500
/** Without a model: how much nearer the first label must be than the second. */
const MARGIN = 1.5

/** The labels of a text, from the list. Without a model by words in common with descriptions and examples; throws ConfigError where these do not tell. */
export function classify(input: ClassifyInput, context: Model): Classified | Promise<Classified> {
  return context.model.has() ? byModel(input, context) : byWords(input)
}

async function byModel(
  { text, labels, several, otherwise, instructions }: ClassifyInput,
  context: Model,
): Promise<Classified> {
  const names = [
    ...new Set([...labels.map(({ name }) => name), ...(otherwise === undefined ? [] : [otherwise])]),
  ]
  const { value, engine } = await ask(context, {
    name: 'classification',
    system: [
      `You sort a text under ${several ? 'all labels that fit' : 'the one label that fits best'}, from the list. Give the reason in one sentence.`,
      otherwise === undefined ? '' : `Where none fits, the label is ${JSON.stringify(otherwise)}.`,
      `Labels: ${JSON.stringify(labels)}`,
      instructions ?? '',
    ].join('\n'),
    prompt: fenced('text', text),
    answer: z.object({
      labels: z
        .array(z.enum(names))
        .min(1)
        .max(several ? names.length : 1),
      reason: z.string().max(1_000),
    }),
    maxOutputTokens: MOST_TOKENS,
  })
  return { label: value.labels[0] ?? '', labels: [...new Set(value.labels)], reason: value.reason, engine }
}

/** Counts distinct stems in common; a stem that several labels have says little. */
function byWords({ text, labels, several, otherwise }: ClassifyInput): Classified {
  const words = new Set(contentWords(text).map(stem))
  const known = labels.map((label) => {
    const {
      name,
      description = '',
      examples = [],
    } = { description: undefined, examples: undefined, ...label }
    return { name, stems: new Set(contentWords([name, description, ...examples].join(' ')).map(stem)) }
  })
  const sharing = (word: string): number => known.filter(({ stems }) => stems.has(word)).length
  const scored = known
    .map(({ name, stems }) => {
      const common = [...words.intersection(stems)]
      return { name, common, score: common.reduce((sum, word) => sum + 1 / sharing(word), 0) }
    })
    .toSorted((a, b) => b.score - a.score)
  const [first, second] = scored
  const isClear = first !== undefined && first.score > 0 && first.score >= MARGIN * (second?.score ?? 0)
  if (first && (isClear || (several && first.score > 0))) {
    const chosen = several
      ? scored.filter(({ score }) => score > 0 && score >= first.score / MARGIN)
      : [first]
    const reason = `words in common with the label: ${first.common.slice(0, 10).join(', ')}`
    return { label: first.name, labels: chosen.map(({ name }) => name), reason, engine: 'extractive' }
  }
  if (otherwise !== undefined && (first?.score ?? 0) === 0)
    return {
      label: otherwise,
      labels: [otherwise],
      reason: 'no words in common with any label',
      engine: 'extractive',
    }
  throw new OrchestratorError(
    'ConfigError',
    `by its words the text is ${first && first.score > 0 ? `as near to "${first.name}" as to "${second?.name}"` : 'near to none of the labels'}, and this stage configures no language model: set models.default in the stage, or give the labels descriptions and examples`,
  )
}
