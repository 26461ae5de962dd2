import { isJsonObject, type Json, type JsonObject } from '../domain/json.ts'
import { splitText } from '../workflow/text-parts.ts'

/** Steps with other ids, wherever those are mentioned: as keys, in needs and handlers, and in expressions. */
export function renameSteps(
  steps: Readonly<Record<string, JsonObject>>,
  renamed: ReadonlyMap<string, string>,
): Record<string, JsonObject> {
  const idOf = (id: string): string => renamed.get(id) ?? id
  return Object.fromEntries(
    Object.entries(steps).map(([id, step]) => {
      const { needs, onFailure, ...others } = step
      const fields = renameInExpressions(others, renamed) as JsonObject
      if (needs !== undefined)
        fields.needs = Array.isArray(needs) ? needs.map((one) => renamed.get(String(one)) ?? one) : needs
      if (isJsonObject(onFailure) && typeof onFailure.step === 'string')
        fields.onFailure = { ...onFailure, step: idOf(onFailure.step) }
      else if (onFailure !== undefined) fields.onFailure = renameInExpressions(onFailure, renamed)
      return [idOf(id), fields]
    }),
  )
}

/** A value in whose expressions `$steps.<id>`, `$status.<id>` and `$errors.<id>` have the other ids. */
export function renameInExpressions(value: Json, renamed: ReadonlyMap<string, string>): Json {
  if (typeof value === 'string') return renameInText(value, renamed)
  if (Array.isArray(value)) return value.map((one) => renameInExpressions(one, renamed))
  if (!isJsonObject(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [key, renameInExpressions(one, renamed)]),
  )
}

function renameInText(text: string, renamed: ReadonlyMap<string, string>): string {
  const split = splitText(text)
  if ('unclosed' in split) return text
  // From the end, so that the places of those before it stay.
  const expressions = split.parts.flatMap((part) => ('expression' in part ? [part] : [])).reverse()
  return expressions.reduce((whole, { expression, offset }) => {
    const other = renameInExpression(expression, renamed)
    return `${whole.slice(0, offset)}${other}${whole.slice(offset + expression.length)}`
  }, text)
}

/** `$steps.id`, `` $steps.`the id` `` and `$steps."the id"`; a string of JSONata that has such a text in it is not told apart. */
const MENTION = /(\$(?:steps|status|errors)\s*\.\s*)(?:`([^`]*)`|"([^"]*)"|([\p{L}_][\p{L}\p{N}_]*))/gu

const renameInExpression = (expression: string, renamed: ReadonlyMap<string, string>): string =>
  expression.replaceAll(
    MENTION,
    (whole: string, before: string, ticked?: string, quoted?: string, plain?: string) => {
      const right = renamed.get(ticked ?? quoted ?? plain ?? '')
      return right === undefined ? whole : `${before}${right}`
    },
  )
