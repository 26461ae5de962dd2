import { isJsonObject, type Json } from '../../../shared/domain/json.ts'
import { fieldIn, type Type, typeOf } from '../../../shared/workflow/types/type.ts'

/** Whether a value is in a type; undefined is "nothing". */
export function contains(type: Type, value: Json | undefined): boolean {
  if (type.any) return true
  if (value === undefined) return type.nothing === true
  if (value === null) return type.null === true
  if (typeof value === 'boolean') return isAmong(type.boolean, value)
  if (typeof value === 'string') return isAmong(type.string, value)
  if (typeof value === 'number')
    return type.number === 'integer' ? Number.isInteger(value) : isAmong(type.number, value)
  if (Array.isArray(value)) {
    const { array } = type
    return array !== undefined && value.every((item) => contains(array, item))
  }
  const { object } = type
  if (!object || !isJsonObject(value)) return false
  const isMissing = [...object.fields].some(
    ([name, { optional }]) => !optional && !Object.hasOwn(value, name),
  )
  return (
    !isMissing &&
    Object.entries(value).every(([name, one]) => {
      const field = fieldIn(object, name)
      return field !== undefined && contains(typeOf(field), one)
    })
  )
}

const isAmong = <T>(constants: true | ReadonlySet<T> | undefined, value: T): boolean =>
  constants === true || (constants?.has(value) ?? false)
