import { type Field, isEmpty, type Type } from './type.ts'

/** The most names or constants that a description lists. */
const MOST_NAMED = 8
const MOST_DEPTH = 2

/** A type in words that follow "it is": `text`, `a list of text`, `an object {title, note?}`, `"approve" or "reject"`. */
export function describeType(type: Type, depth = 0): string {
  if (type.any) return 'any value'
  const words = [
    type.string && (describeConstants(type.string) ?? 'text'),
    type.number && (describeConstants(type.number) ?? (type.number === true ? 'a number' : 'a whole number')),
    type.boolean && (describeConstants(type.boolean) ?? 'true or false'),
    type.object && describeObject([...type.object.fields], typeof type.object.rest === 'object'),
    type.array && describeList(type.array, depth),
    type.function && 'a function',
    type.null && 'null',
  ].filter((word) => typeof word === 'string')
  return words.length > 0 ? words.join(' or ') : 'nothing'
}

function describeConstants(constants: true | 'integer' | ReadonlySet<unknown>): string | undefined {
  if (typeof constants !== 'object') return undefined
  const shown = [...constants].slice(0, MOST_NAMED).map((one) => cut(JSON.stringify(one)))
  return `${shown.join(' or ')}${constants.size > MOST_NAMED ? ' or ...' : ''}`
}

const cut = (text: string): string => (text.length > 40 ? `${text.slice(0, 40)}..."` : text)

function describeList(item: Type, depth: number): string {
  if (item.any || isEmpty(item) || depth >= MOST_DEPTH) return 'a list'
  return `a list of ${describeType(item, depth + 1)}`
}

function describeObject(fields: readonly (readonly [string, Field])[], isOpen: boolean): string {
  if (fields.length === 0) return 'an object'
  const names = fields.slice(0, MOST_NAMED).map(([name, { optional }]) => `${name}${optional ? '?' : ''}`)
  const more = isOpen || fields.length > MOST_NAMED ? ', ...' : ''
  return `an object {${names.join(', ')}${more}}`
}

/** The names of an object's members, for suggestions. */
export const namesOf = (type: Type): string[] => [...(type.object?.fields.keys() ?? [])]
