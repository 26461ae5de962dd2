import { isJsonObject, type Json } from '../../shared/domain/json.ts'
import { suggestNames } from '../../shared/domain/nearest-names.ts'
import { CliError } from '../cli-error.ts'

/** Names that the option shows of a value that has many. */
const MOST_NAMES = 20

/**
 * A value with changes of the form `path=value`: the path is members with dots and places of lists in brackets (`lines[0].text`), the value JSON, or text that is none. A member may be added to
 * an object, and an item only be replaced. Throws CliError with the path that does not exist.
 */
export const withChanges = (value: Json, changes: readonly string[]): Json =>
  changes.reduce((changed, change) => withChange(changed, change), value)

function withChange(value: Json, change: string): Json {
  const at = change.indexOf('=')
  const path = at < 0 ? '' : change.slice(0, at)
  const parts = partsOf(path)
  if (parts.length === 0)
    throw new CliError(
      `--set is path=value, such as title=Rivers or lines[0].text='"x"'; this is "${change}"`,
    )
  return changedAt(value, parts, jsonOrText(change.slice(at + 1)), path)
}

const PATH = /^(?:[^.[\]=]+|\[\d{1,9}\])(?:\.[^.[\]=]+|\[\d{1,9}\])*$/

function partsOf(path: string): (string | number)[] {
  if (!PATH.test(path)) return []
  return [...path.matchAll(/\[(\d+)\]|([^.[\]]+)/g)].map(([, place, member = '']) =>
    place === undefined ? member : Number(place),
  )
}

function changedAt(value: Json, [part, ...rest]: readonly (string | number)[], to: Json, path: string): Json {
  if (part === undefined) return to
  if (typeof part === 'number') {
    if (Array.isArray(value) && part < value.length)
      return value.with(part, changedAt(value[part] ?? null, rest, to, path))
    const what = Array.isArray(value) ? `its list has ${value.length} items` : 'there is no list'
    throw new CliError(`--set ${path}: ${what}, and none at [${part}]`)
  }
  const isThere = isJsonObject(value) && Object.hasOwn(value, part)
  if (!isJsonObject(value) || (!isThere && rest.length > 0)) {
    const names = isJsonObject(value) ? Object.keys(value).slice(0, MOST_NAMES) : []
    throw new CliError(`--set ${path}: there is no "${part}"${suggestNames(part, names)}`)
  }
  const inner = isThere ? (value[part] ?? null) : null
  // As own members, whatever they are called.
  return Object.fromEntries([...Object.entries(value), [part, changedAt(inner, rest, to, path)]])
}

function jsonOrText(text: string): Json {
  try {
    return JSON.parse(text) as Json
  } catch {
    return text
  }
}
