import { isJsonObject, type Json, type JsonObject } from '../domain/json.ts'
import { shown } from '../domain/shown.ts'
import { expressionIn } from '../workflow/expressions.ts'
import { type Repair, repaired } from './repair.ts'
import { understandName } from './understand-name.ts'

type Schema = Readonly<Record<string, unknown>>

/**
 * An input as a capability's schema wants it, where nothing is lost or added: names of members that are the same words, numbers and truth values
 * that are written as text, constants in other letters, one value where a list is wanted, null for what may be left out.
 */
export function repairInput(given: Json, schema: unknown, path: string, repairs: Repair[]): Json {
  if (!isJsonObject(schema) || expressionIn(given) !== undefined) return given
  if (isJsonObject(given)) return repairMembers(given, schema, path, repairs)
  if (Array.isArray(given))
    return given.map((one, at) => repairInput(one, schema.items, `${path}[${at}]`, repairs))
  const right = rightValue(given, schema)
  if (right === undefined) return given
  repairs.push(repaired('input', path, `${shown(given)} is written ${shown(right)}`))
  return right
}

function repairMembers(given: JsonObject, schema: Schema, path: string, repairs: Repair[]): Json {
  const { properties, required } = schema
  if (schema.type === 'array' && isJsonObject(schema.items) && schema.items.type === 'object') {
    repairs.push(repaired('input', path, 'wrote one object as a list of one'))
    return [repairMembers(given, schema.items, path, repairs)]
  }
  if (!isJsonObject(properties)) return given
  const free = Object.keys(properties).filter((name) => !Object.hasOwn(given, name))
  const needed = Array.isArray(required) ? required : []
  const members = new Map<string, Json>()
  for (const [name, value] of Object.entries(given)) {
    const own = `${path}.${name}`
    const found = Object.hasOwn(properties, name)
      ? undefined
      : understandName(
          name,
          free.map((one) => ({ name: one })),
        )
    const right = found && !found.guessed && !members.has(found.name) ? found.name : name
    const part = Object.hasOwn(properties, right) ? properties[right] : undefined
    if (value === null && part !== undefined && !needed.includes(right) && !takesNull(part)) {
      repairs.push(repaired('input', own, `left out "${name}", which is null`))
      continue
    }
    if (right !== name) repairs.push(repaired('input', own, `"${name}" is written "${right}"`))
    members.set(right, repairInput(value, part, `${path}.${right}`, repairs))
  }
  return Object.fromEntries(members)
}

const takesNull = (schema: Json): boolean =>
  !isJsonObject(schema) || schema.type === undefined || [schema.type].flat().includes('null')

/** The same value as the schema writes it; undefined where it is right already, or not known. */
function rightValue(given: Json, { type, enum: constants, items }: Schema): Json | undefined {
  if (Array.isArray(constants)) return sameConstant(given, constants)
  if (type === 'array' && given !== null) {
    const item = isJsonObject(items) ? items.type : undefined
    return item === undefined || item === typeof given || (item === 'integer' && Number.isInteger(given))
      ? [given]
      : undefined
  }
  if (typeof given === 'number' && type === 'string') return String(given)
  if (typeof given !== 'string') return undefined
  if (type === 'boolean' && /^(?:true|false)$/i.test(given)) return /^true$/i.test(given)
  if (type !== 'number' && type !== 'integer') return undefined
  const value = Number(given)
  // What would be written otherwise, as "007" and "1e3", may be no number.
  return String(value) === given && (type === 'number' || Number.isInteger(value)) ? value : undefined
}

function sameConstant(given: Json, constants: readonly unknown[]): Json | undefined {
  if (typeof given !== 'string' || constants.includes(given)) return undefined
  const same = constants.filter(
    (one): one is string => typeof one === 'string' && one.toLowerCase() === given.toLowerCase(),
  )
  return same.length === 1 ? same[0] : undefined
}
