import * as z from 'zod'

const words = z.string()

const AnswerSchema = z
  .strictObject({
    text: words.optional().describe('What the model says'),
    json: z
      .json()
      .optional()
      .describe('A structured answer: the arguments of the tool that the request forces, else a text'),
    calls: z
      .array(z.strictObject({ name: words.min(1), input: z.json().default({}) }))
      .optional()
      .describe('Tools that the model calls; a text as input is sent as it is, also where it is no JSON'),
    finish: z.enum(['stop', 'length', 'filtered']).default('stop'),
    usage: z
      .strictObject({
        inputTokens: z.int().min(0),
        outputTokens: z.int().min(0),
        cacheReadTokens: z.int().min(0).default(0),
      })
      .optional()
      .describe('By default a token for four bytes'),
    error: z
      .strictObject({
        name: z
          .string()
          .regex(/^[A-Z]\w+Exception$/, 'the name of an error of Bedrock, e.g. ThrottlingException'),
        message: words.default('the script says so'),
        status: z.int().min(400).max(599).optional(),
        retryAfterSeconds: z.number().min(0).optional(),
      })
      .optional()
      .describe('Instead of an answer'),
    delayMs: z.number().min(0).max(600_000).default(0).describe('Before the first byte'),
    pauseMs: z.number().min(0).max(60_000).default(0).describe('Before each piece of a stream'),
    breakAfter: z.int().min(0).optional().describe('Breaks the connection after so many pieces of a stream'),
  })
  .refine(
    ({ text, json, calls, error }) => [text, json, calls, error].some((given) => given !== undefined),
    'an answer has a text, json, calls or an error',
  )
export type ScriptedAnswer = z.infer<typeof AnswerSchema>

/**
 * What the models of the local cloud answer: the first rule that fits plays its answers in order, its last one again and again. A rule
 * fits a model by its id, in which `*` stands for any text, and the text of the last message, by what that contains.
 */
export const ScriptSchema = z.strictObject({
  rules: z
    .array(
      z.strictObject({
        model: words.default('*'),
        contains: words.default(''),
        answers: z.array(AnswerSchema).min(1),
      }),
    )
    .min(1),
})
export type Script = z.input<typeof ScriptSchema>

/** Plays a script: which answer comes next. */
export class ScriptPlayer {
  readonly #rules: { rule: z.output<typeof ScriptSchema>['rules'][number]; played: number }[]

  /** Throws ZodError for what is no script. */
  constructor(script: Script) {
    this.#rules = ScriptSchema.parse(script).rules.map((rule) => ({ rule, played: 0 }))
  }

  /** The next answer for a model and the text of the last message; undefined where no rule fits. */
  next(model: string, text: string): ScriptedAnswer | undefined {
    const found = this.#rules.find(({ rule }) => fits(rule.model, model) && text.includes(rule.contains))
    if (!found) return undefined
    const { answers } = found.rule
    return answers[Math.min(found.played++, answers.length - 1)]
  }
}

/** Compares piece by piece: a pattern of a user becomes no regular expression. */
function fits(pattern: string, text: string): boolean {
  const [first = '', ...others] = pattern.split('*')
  const last = others.pop()
  if (last === undefined) return text === pattern
  if (!text.startsWith(first) || !text.endsWith(last)) return false
  let at = first.length
  for (const piece of others) {
    const found = text.indexOf(piece, at)
    if (found < 0) return false
    at = found + piece.length
  }
  return at <= text.length - last.length
}
