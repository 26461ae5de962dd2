import { isJsonObject, type Json, type JsonObject } from '../domain/json.ts'
import { expressionsIn } from '../workflow/expressions.ts'
import { referencesIn } from '../workflow/references.ts'
import { renameInExpressions } from './rename-steps.ts'
import { type Repair, repaired } from './repair.ts'
import { understandName } from './understand-name.ts'

/**
 * Expressions whose brackets are missing, as the text `$steps.fetch.text`, and mentions of steps by the same words as an id. What a text in the middle
 * of others may mean is left for validation.
 */
export function repairExpressions(workflow: JsonObject, repairs: Repair[]): JsonObject {
  const ids = idsIn(workflow)
  const bracketed = bracket(workflow, '', ids, repairs) as JsonObject
  const renamed = new Map<string, string>()
  for (const id of mentionedIn(bracketed)) {
    if (ids.has(id)) continue
    const found = understandName(
      id,
      [...ids].map((name) => ({ name })),
    )
    if (!found || found.guessed) continue
    renamed.set(id, found.name)
    repairs.push(repaired('expression', '', `$steps.${id} is the step "${found.name}"`))
  }
  return renamed.size === 0 ? bracketed : (renameInExpressions(bracketed, renamed) as JsonObject)
}

/** The ids of all steps, those of bodies among them. */
function idsIn(value: Json | undefined, ids = new Set<string>()): Set<string> {
  if (!isJsonObject(value)) return ids
  const { steps, repeat } = value
  if (isJsonObject(steps)) {
    for (const [id, step] of Object.entries(steps)) {
      ids.add(id)
      idsIn(step, ids)
    }
  }
  if (isJsonObject(repeat)) idsIn(repeat, ids)
  return ids
}

function mentionedIn(workflow: JsonObject): Set<string> {
  const found = new Set<string>()
  for (const { text } of expressionsIn(workflow)) {
    try {
      for (const id of referencesIn(text).steps) found.add(id)
    } catch {
      // No JSONata: validation says so.
    }
  }
  return found
}

/** A text that is one path, in the brackets of this language, of others, or in none. */
const PATH = String.raw`\$?\.?(steps|input|item|index)((?:\.[A-Za-z_]\w*|\[\d+\])*)`
const WHOLE = [
  String.raw`\$(?:\.|\$\.)?(steps|input|item|index)((?:\.[A-Za-z_]\w*|\[\d+\])*)`,
  String.raw`\{\{-?\s*${PATH}\s*-?\}\}`,
  String.raw`\$\{\{?\s*${PATH}\s*\}\}?`,
].map((pattern) => new RegExp(`^\\s*${pattern}\\s*$`))

/** Fields that are text for people, or ids. */
const PLAIN = new Set(['description', 'needs', 'capability', 'agent', 'name', 'prompt'])

function bracket(value: Json, path: string, ids: ReadonlySet<string>, repairs: Repair[]): Json {
  if (typeof value === 'string') {
    const right = bracketed(value, ids)
    if (right === undefined) return value
    repairs.push(repaired('expression', path, `the text "${value}" is written "${right}"`))
    return right
  }
  if (Array.isArray(value)) return value.map((one, at) => bracket(one, `${path}[${at}]`, ids, repairs))
  if (!isJsonObject(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [
      key,
      PLAIN.has(key) && !path.includes('input')
        ? one
        : bracket(one, path ? `${path}.${key}` : key, ids, repairs),
    ]),
  )
}

function bracketed(text: string, ids: ReadonlySet<string>): string | undefined {
  if (text.length > MOST_LENGTH) return undefined
  for (const pattern of WHOLE) {
    const [, variable, rest = ''] = pattern.exec(text) ?? []
    if (variable === undefined) continue
    const [, id] = /^\.(\w+)/.exec(rest) ?? []
    if (variable === 'steps' && (id === undefined || !ids.has(id))) return undefined
    return `{% $${variable}${rest} %}`
  }
  return undefined
}

const MOST_LENGTH = 200
