import { boundedText } from '../../domain/bounded.ts'
import { OrchestratorError } from '../../domain/errors.ts'
import type { Json } from '../../domain/json.ts'

const MOST_SHOWN = 100

/**
 * Whether a condition holds. An expression that finds nothing (`$steps.draft.isFinal` of a draft without that member) is false. `where` is
 * the field with the condition. Throws InvalidInputError with value and expression for anything but a boolean: truthiness of a number, a
 * text or null would hide mistakes.
 */
export function holds(value: Json | undefined, where: string, text: string): boolean {
  if (value === undefined || typeof value === 'boolean') return value === true
  const shown = boundedText(JSON.stringify(value), MOST_SHOWN)
  const message = `${where} ${text} is ${shown}; a condition is true or false, such as {% $exists(...) %} or {% $count(...) > 0 %}`
  throw new OrchestratorError('InvalidInputError', message)
}
