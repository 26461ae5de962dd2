import { type Issue, issue } from '../domain/issue.ts'
import { isJsonObject, type JsonObject } from '../domain/json.ts'
import { shown } from '../domain/shown.ts'
import type { ModelAnswer } from '../ports/models.ts'
import { parseText } from '../workflow/parse-text.ts'
import { type Repair, repaired } from './repair.ts'

/** What a model has answered: that it cannot be done, a draft of a workflow, or something that cannot be read. */
export type PlanAnswer =
  | { kind: 'refusal'; reason: string }
  | { kind: 'draft'; workflow: JsonObject; assumptions: string[]; repairs: Repair[] }
  | { kind: 'unreadable'; text: string; issues: Issue[] }

/**
 * Reads an answer: the structured value, or the JSON in its text, with fences and prose around it left out. An answer that was cut off is not
 * completed, because it does not say which steps are missing.
 */
export function readAnswer({
  value,
  parts,
  finish,
}: Pick<ModelAnswer, 'value' | 'parts' | 'finish'>): PlanAnswer {
  const text = isJsonObject(value) ? jsonOf(value) : textOf(parts)
  const unreadable = (...issues: Issue[]): PlanAnswer => ({ kind: 'unreadable', text, issues })
  if (text.length > MOST_TEXT) {
    const message = `the answer has ${text.length} characters; the most is ${MOST_TEXT}: ${RIGHT}`
    return { kind: 'unreadable', text: text.slice(0, MOST_SHOWN), issues: [issue('too-large', '', message)] }
  }
  const found = jsonIn(text)
  if (found === undefined) {
    const told =
      text.trim() === ''
        ? 'the answer is empty'
        : `the answer is ${shown(text.trim())}, which has no JSON object`
    return unreadable(issue('bad-syntax', '', `${told}; ${RIGHT}`))
  }
  if (found.isOpen) {
    const why =
      finish === 'length' ? 'it was cut off at the most output tokens' : 'its last bracket is missing'
    const right = 'answer with the whole plan again, in fewer words and steps'
    return unreadable(
      issue(
        'bad-syntax',
        '',
        `the JSON ends after ${found.json.length} characters, before its end: ${why}; ${right}`,
      ),
    )
  }
  const parsed = parseText(found.json)
  if (parsed.issues.length > 0) return unreadable(...parsed.issues)
  if (!isJsonObject(parsed.value))
    return unreadable(issue('bad-syntax', '', `the answer is ${shown(parsed.value)}; ${RIGHT}`))
  const around = text.trim().length - found.json.length
  const left =
    around > 0 ? [repaired('answer', '', `left out ${around} characters around the JSON object`)] : []
  return answerIn(parsed.value, left)
}

/** Many times what the most output tokens can be. */
const MOST_TEXT = 200_000
const MOST_SHOWN = 1_000

/** A structured value goes the way of a text, whose bounds hold for it then. */
function jsonOf(value: JsonObject): string {
  try {
    return JSON.stringify(value)
  } catch {
    // Nested deeper than the stack goes.
    return ''
  }
}

const textOf = (parts: ModelAnswer['parts']): string =>
  parts.map((part) => (part.kind === 'text' ? part.text : '')).join('')

const RIGHT = 'answer with one JSON object {"refusal"?, "assumptions", "workflow"?}'

function answerIn(value: JsonObject, repairs: Repair[]): PlanAnswer {
  const isBare = value.workflow === undefined && value.steps !== undefined
  const workflow = isBare ? withoutKeys(value, 'refusal', 'assumptions') : value.workflow
  const reason = typeof value.refusal === 'string' ? value.refusal.trim() : ''
  const hasPlan = isJsonObject(workflow) && workflow.steps !== undefined
  if (reason !== '' && !(hasPlan && NO_REFUSAL.test(reason))) return { kind: 'refusal', reason }
  if (!isJsonObject(workflow)) {
    const message = `there is neither a workflow nor a refusal: workflow is ${shown(workflow)}; ${RIGHT}`
    return {
      kind: 'unreadable',
      text: JSON.stringify(value),
      issues: [issue('no-steps', 'workflow', message)],
    }
  }
  const told = isBare
    ? [...repairs, repaired('answer', '', 'took the answer itself as the workflow')]
    : repairs
  return { kind: 'draft', workflow, assumptions: textsIn(value.assumptions), repairs: told }
}

/** What models write into an optional field that they mean to leave empty. */
const NO_REFUSAL = /^(?:none|null|no|n\/?a|false|-)\.?$/i

const MOST_ASSUMPTIONS = 20
const MOST_CHARACTERS = 500

const textsIn = (value: unknown): string[] =>
  (Array.isArray(value) ? value : value === undefined ? [] : [value])
    .filter((one) => typeof one === 'string')
    .slice(0, MOST_ASSUMPTIONS)
    .map((one) => one.slice(0, MOST_CHARACTERS))

const withoutKeys = (value: JsonObject, ...keys: string[]): JsonObject =>
  Object.fromEntries(Object.entries(value).filter(([key]) => !keys.includes(key)))

/** The first object in a text; `isOpen` where the text ends inside of it. */
function jsonIn(text: string): { json: string; isOpen: boolean } | undefined {
  // In prose a brace may stand before the object: what is fenced is looked at first.
  const fence = /```(?:jsonc?)?\s*(?=\{)/i.exec(text)
  const from = fence ? fence.index + fence[0].length : text.search(/\{\s*(?:"|\})/)
  if (from < 0) return undefined
  const end = endOfObject(text, from)
  return { json: text.slice(from, end), isOpen: end === undefined }
}

/** Behind the bracket that closes the one at `from`; undefined where there is none. Brackets in strings do not count. */
function endOfObject(text: string, from: number): number | undefined {
  let depth = 0
  let isString = false
  for (let at = from; at < text.length; at++) {
    const character = text[at]
    if (isString) {
      if (character === '\\') at++
      else if (character === '"') isString = false
    } else if (character === '"') isString = true
    else if (character === '{' || character === '[') depth++
    else if (character === '}' || character === ']') {
      depth--
      if (depth === 0) return at + 1
    }
  }
  return undefined
}
