import { FORBIDDEN_NAME, isJsonObject, type Json, OrchestratorError } from 'orchestrator/agent'
import type { Row } from './cells.ts'
import { printNumber } from './numbers.ts'

/**
 * The rows of a JSON text: a list of objects, or the only list of objects inside an object. An integer that a JavaScript number cannot hold
 * exactly is kept as text, which `notes` reports. Throws InvalidInputError for JSON without such a list, and for a forbidden member name
 * (`__proto__`).
 */
export function readJson(text: string, name: string): { rows: Row[]; notes: string[] } {
  const large: string[] = []
  const value = parseExactly(text, name, large)
  const notes =
    large.length === 0
      ? []
      : [`${large.length} integers past 2^53 are kept as text, for a number would round them: ${large[0]}`]
  if (isRows(value)) return { rows: value, notes }
  if (!isJsonObject(value)) throw bad(`${name} is JSON, but neither a list of objects nor an object with one`)
  const lists = Object.entries(value).filter((entry): entry is [string, Row[]] => isRows(entry[1]))
  const filled = lists.filter(([, rows]) => rows.length > 0)
  const [only, another] = filled.length > 0 ? filled : lists
  if (!only) throw bad(`${name} is JSON, but neither a list of objects nor an object with one`)
  if (another) {
    const names = lists.map(([key]) => JSON.stringify(key)).slice(0, 10)
    throw bad(`${name} has several lists of objects (${names.join(', ')}); give one of them`)
  }
  return { rows: only[1], notes }
}

function isRows(value: Json): value is Row[] {
  return Array.isArray(value) && value.every(isJsonObject)
}

type Source = { source?: string }

function parseExactly(text: string, name: string, large: string[]): Json {
  let isForbidden = false
  const exact = (key: string, value: Json, { source }: Source = {}): Json => {
    if (key === FORBIDDEN_NAME) isForbidden = true
    if (typeof value !== 'number' || Number.isSafeInteger(value) || !source || !/^-?\d+$/.test(source))
      return value
    if (printNumber(value) === source) return value
    large.push(source.slice(0, 40))
    return source
  }
  let value: Json
  try {
    value = JSON.parse(text, exact) as Json
  } catch (error) {
    throw bad(`${name} is not JSON: ${(error as Error).message.slice(0, 300)}`)
  }
  // A row with a forbidden name could not be stored as a step's output.
  if (isForbidden)
    throw bad(
      `${name} has a member called "${FORBIDDEN_NAME}", which no member may be; call it something else`,
    )
  return value
}

function bad(message: string): OrchestratorError {
  return new OrchestratorError('InvalidInputError', message)
}
