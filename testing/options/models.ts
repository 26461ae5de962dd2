import * as z from 'zod'
import type { Issue } from '../../shared/domain/issue.ts'
import { ModelNameSchema, ModelSettingsSchema } from '../../shared/domain/model-settings.ts'
import type { ScriptedAnswer } from '../scripted-models.ts'
import { isPlain, issuesAt, issuesOfMembers, notRight, type ShapeOf } from './check.ts'
import { FailureSchema } from './script.ts'

const tokens = z.number().int().min(0).max(1e12).optional()
const AnswerSchema = z.union([
  z.string(),
  z.strictObject({
    text: z.string().optional(),
    value: z.json().optional(),
    calls: z
      .array(z.strictObject({ name: z.string(), input: z.json(), id: z.string().optional() }))
      .optional(),
    finish: z.enum(['stop', 'length', 'tools', 'filtered']).optional(),
    usage: z
      .strictObject({
        inputTokens: tokens,
        outputTokens: tokens,
        cacheReadTokens: tokens,
        cacheWriteTokens: tokens,
      })
      .optional(),
    fails: FailureSchema.optional(),
  } satisfies ShapeOf<Exclude<ScriptedAnswer, string>>),
])

const RIGHT = 'a list of answers, a function of the call, or an object of them by the name of the model'

/** The problems of a test's models. */
export function issuesOfModels(models: unknown): Issue[] {
  if (models === undefined) return []
  if (isScript(models)) return issuesOfAnswers('models', models)
  if (!isPlain(models)) return [notRight('models', models, RIGHT)]
  return issuesOfMembers('models', models, (place, one, name) => [
    ...issuesAt(place, ModelNameSchema, name, 'the name'),
    ...issuesOfOne(place, one),
  ])
}

function issuesOfOne(place: string, one: unknown): Issue[] {
  if (isScript(one)) return issuesOfAnswers(place, one)
  if (!isPlain(one) || !isScript(one.answers))
    return [notRight(place, one, 'a list of answers, a function of the call, or {answers, ...settings}')]
  const { answers, ...settings } = one
  return [
    ...issuesOfAnswers(`${place}.answers`, answers),
    ...issuesAt(place, ModelSettingsSchema.partial(), settings, 'the settings'),
  ]
}

const isScript = (value: unknown): value is readonly unknown[] | ((...all: never[]) => unknown) =>
  Array.isArray(value) || typeof value === 'function'

function issuesOfAnswers(
  place: string,
  script: readonly unknown[] | ((...all: never[]) => unknown),
): Issue[] {
  if (typeof script === 'function') return []
  return script.flatMap((answer, at) => issuesAt(`${place}[${at}]`, AnswerSchema, answer, 'the answer'))
}
