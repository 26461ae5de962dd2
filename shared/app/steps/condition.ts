import { boundedText } from '../../domain/bounded.ts'
import { OrchestratorError } from '../../domain/errors.ts'
import type { Json } from '../../domain/json.ts'

const MOST_SHOWN = 100

/**
 * Whether a condition holds: it is true or false, or finds nothing at all (`$steps.draft.isFinal` of a draft that has no such member),
 * which is false. `where` is the field that holds it. Throws InvalidInputError with value and expression for anything else: a number,
 * a text or null would be taken for one or the other, and nobody could say which was meant.
 */
export function holds(value: Json | undefined, where: string, text: string): boolean {
  if (value === undefined || typeof value === 'boolean') return value === true
  const shown = boundedText(JSON.stringify(value), MOST_SHOWN)
  const message = `${where} ${text} is ${shown}; a condition is true or false, such as {% $exists(...) %} or {% $count(...) > 0 %}`
  throw new OrchestratorError('InvalidInputError', message)
}
