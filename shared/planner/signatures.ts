/**
 * Capabilities as signatures in TypeScript, which take a third of the tokens of their JSON Schemas. A catalogue that does not fit is told in
 * fewer words before capabilities are left out.
 */
import { isJsonObject, type Json, type JsonObject } from '../domain/json.ts'
import { bytesOf } from '../domain/model-tokens.ts'

export type Capability = {
  name: string
  description: string
  inputSchema: Readonly<Record<string, unknown>>
  outputSchema: Readonly<Record<string, unknown>>
}

/** How much of a capability is told. */
type Detail = { description: number; fields: number; input: number; output: number; notes: number }

/** From the most to the least; the last has names alone. */
const DETAILS: readonly Detail[] = [
  { description: 160, fields: 12, input: 3, output: 2, notes: 60 },
  { description: 120, fields: 10, input: 2, output: 1, notes: 0 },
  { description: 70, fields: 6, input: 1, output: 1, notes: 0 },
  { description: 50, fields: 4, input: 1, output: 0, notes: 0 },
  { description: 40, fields: 0, input: 0, output: 0, notes: 0 },
]

export type Signatures = {
  text: string
  /** Names that did not fit. */
  left: readonly string[]
}

/**
 * The signatures of capabilities, one a line and by name, in at most `mostBytes`. The capabilities are given with the most wanted first: the
 * last are left out where even their names do not fit.
 */
export function signaturesOf(capabilities: readonly Capability[], mostBytes: number): Signatures {
  for (const detail of DETAILS) {
    const text = linesOf(capabilities, detail)
    if (bytesOf(text) <= mostBytes) return { text, left: [] }
  }
  const least = DETAILS.at(-1) as Detail
  for (let kept = capabilities.length - 1; kept > 0; kept--) {
    const text = linesOf(capabilities.slice(0, kept), least)
    if (bytesOf(text) <= mostBytes) return { text, left: capabilities.slice(kept).map(({ name }) => name) }
  }
  return { text: '', left: capabilities.map(({ name }) => name) }
}

const linesOf = (capabilities: readonly Capability[], detail: Detail): string =>
  [...capabilities]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map((one) => signatureOf(one, detail))
    .join('\n')

function signatureOf({ name, description, inputSchema, outputSchema }: Capability, detail: Detail): string {
  const told =
    detail.input === 0 ? '' : `(${typeOf(inputSchema, detail.input, { ...detail, root: inputSchema })})`
  const answers =
    detail.output === 0
      ? ''
      : `: ${typeOf(outputSchema, detail.output, { ...detail, notes: 0, root: outputSchema })}`
  const about = oneLine(description, detail.description)
  return `${name}${told}${answers}${about ? ` // ${about}` : ''}`
}

type Telling = { fields: number; notes: number; root: Readonly<Record<string, unknown>> }

/** The most constants of an enumeration. */
const MOST_CONSTANTS = 8
const MOST_ALTERNATIVES = 4

/** A JSON Schema as a type of TypeScript; what lies deeper than `depth` is `object` or `unknown[]`. */
function typeOf(schema: unknown, depth: number, telling: Telling): string {
  if (!isJsonObject(schema)) return 'unknown'
  const { $ref, anyOf, oneOf, enum: constants, type } = schema
  if (typeof $ref === 'string')
    return depth > 0 ? typeOf(referred($ref, telling.root), depth - 1, telling) : 'unknown'
  if ('const' in schema) return constantOf(schema.const)
  if (Array.isArray(constants)) return unionOf(constants.map(constantOf), MOST_CONSTANTS)
  const alternatives = anyOf ?? oneOf
  if (Array.isArray(alternatives))
    return unionOf(
      alternatives.slice(0, MOST_ALTERNATIVES + 1).map((one) => typeOf(one, depth, telling)),
      MOST_ALTERNATIVES,
    )
  if (Array.isArray(type))
    return unionOf(
      type.map((one) => typeOf({ ...schema, type: one }, depth, telling)),
      MOST_ALTERNATIVES,
    )
  if (type === 'array') return listOf(schema.items, depth, telling)
  if (type === 'object' || isJsonObject(schema.properties)) return objectOf(schema, depth, telling)
  if (type === 'integer') return 'number'
  return typeof type === 'string' ? type : 'unknown'
}

const constantOf = (value: Json | undefined): string => JSON.stringify(value) ?? 'unknown'

function unionOf(types: readonly string[], most: number): string {
  const distinct = [...new Set(types)]
  return distinct.length > most ? `${distinct.slice(0, most).join('|')}|...` : distinct.join('|')
}

function listOf(items: unknown, depth: number, telling: Telling): string {
  if (depth <= 0) return 'unknown[]'
  const item = typeOf(items, depth - 1, telling)
  return item.includes('|') ? `(${item})[]` : `${item}[]`
}

function objectOf(schema: JsonObject, depth: number, telling: Telling): string {
  const { properties, required, additionalProperties } = schema
  if (!isJsonObject(properties) || Object.keys(properties).length === 0)
    return isJsonObject(additionalProperties) && depth > 0
      ? `Record<string, ${typeOf(additionalProperties, depth - 1, telling)}>`
      : 'object'
  if (depth <= 0) return 'object'
  const needed = new Set(Array.isArray(required) ? required : [])
  const names = Object.keys(properties)
  // What is required stands first, so that it is never among what is left out.
  const ordered = [...names.filter((name) => needed.has(name)), ...names.filter((name) => !needed.has(name))]
  const most = Math.max(telling.fields, needed.size)
  const fields = ordered.slice(0, most).map((name) => {
    const own = properties[name]
    const note =
      telling.notes > 0 && isJsonObject(own) && typeof own.description === 'string' ? own.description : ''
    const told = note ? ` /* ${oneLine(note, telling.notes).replaceAll('*/', '* /')} */` : ''
    return `${memberName(name)}${needed.has(name) ? '' : '?'}: ${typeOf(own, depth - 1, telling)}${told}`
  })
  return `{${[...fields, ...(names.length > most ? ['...'] : [])].join(', ')}}`
}

const memberName = (name: string): string => (/^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name))

/** A part of the same schema: `#/$defs/Row`. */
function referred(ref: string, root: Readonly<Record<string, unknown>>): unknown {
  if (!ref.startsWith('#')) return undefined
  const parts = ref.slice(1).split('/').filter(Boolean)
  return parts.reduce<unknown>((value, part) => {
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~')
    return isJsonObject(value) && Object.hasOwn(value, name) ? value[name] : undefined
  }, root)
}

/** A description without line breaks, cut at a word. */
function oneLine(text: string, most: number): string {
  const line = text.replaceAll(/\s+/g, ' ').trim()
  if (line.length <= most) return line
  const cut = line.slice(0, most)
  return `${cut.slice(0, Math.max(cut.lastIndexOf(' '), most / 2))}...`
}
