import { isJsonObject, type Json, type JsonObject } from '../../domain/json.ts'
import { expressionIn, hasExpressions } from '../../workflow/expressions.ts'
import { plainPathOf, walkPath } from '../../workflow/plain-path.ts'
import type { AgentStep } from '../../workflow/schema.ts'
import { capabilityComputedBy } from '../../workflow/step-capability.ts'

/** What a user has said: the words of the goal, and its input. */
export type Given = { text: string; input?: JsonObject | undefined }
/** The inputs that a capability declares: names of others are texts of the plan, too. */
export type DeclaredInputs = readonly string[]

/**
 * Whether every text that a step gets was given by the user: words that stand in the goal, or a member of the input as it is. A text that a plan makes up, or takes from
 * the output of a step, may carry away what a document or another step has said; so may the choice whether, how often and
 * for what the step runs.
 */
export function isWhollyGiven(step: AgentStep, given: Given, declared: DeclaredInputs): boolean {
  const { input, when, forEach } = step
  if (when !== undefined || capabilityComputedBy(step) !== undefined) return false
  const items = forEach === undefined ? undefined : memberOf(forEach as Json, { input: given.input })
  if (forEach !== undefined && !Array.isArray(items)) return false
  const all = items === undefined ? [undefined] : (items as Json[])
  return all.every((item) => isGiven(input as Json | undefined, { given, declared, item, depth: 0 }))
}

type Around = { given: Given; declared: DeclaredInputs; item: Json | undefined; depth: number }

function isGiven(value: Json | undefined, around: Around): boolean {
  const { given, declared, item, depth } = around
  if (Array.isArray(value)) return value.every((one) => isGiven(one, { ...around, depth: depth + 2 }))
  if (isJsonObject(value))
    return Object.entries(value).every(
      ([name, one]) =>
        ((depth === 0 && declared.includes(name)) || standsIn(given.text, name)) &&
        isGiven(one, { ...around, depth: depth + 1 }),
    )
  // How much is wanted, and whether; a list of numbers can say anything.
  if (typeof value !== 'string') return depth < 2 || value === undefined
  if (!hasExpressions(value)) return standsIn(given.text, value)
  const found = memberOf(value, { input: given.input, item })
  return found !== undefined && !isJsonObject(found) && !Array.isArray(found)
}

/** The member of the input, or of the item, that is named by an expression which is nothing but a path to it. */
function memberOf(value: Json, names: Readonly<Record<string, Json | undefined>>): Json | undefined {
  const expression = expressionIn(value)
  const path = expression === undefined ? undefined : plainPathOf(expression)
  const walked = path && walkPath(names, path)
  return walked && walked !== 'evaluate' ? walked.found : undefined
}

const BEFORE = /(?:^|[\s<>"'`()[\]{},;:])$/
const AFTER = /^[.!?,;:]*(?:$|[\s<>"'`()[\]{}])/

/** Whether words stand in a text as they are: not as the part of a longer word, which may be another address. */
function standsIn(text: string, words: string): boolean {
  if (words === '') return true
  for (let at = text.indexOf(words); at >= 0; at = text.indexOf(words, at + 1)) {
    const [before, after] = [
      text.slice(Math.max(0, at - 1), at),
      text.slice(at + words.length, at + words.length + 20),
    ]
    if (BEFORE.test(before) && AFTER.test(after)) return true
  }
  return false
}
