import { suggestNames } from '../../domain/nearest-names.ts'
import { describeType, namesOf } from './describe-type.ts'
import { meets } from './infer-operator.ts'
import { fieldIn, isEmpty, type ObjectType, type Type, typeOf } from './type.ts'

/** Why a value does not fit; `at` is the path of the part, with `[]` for the items of a list. */
export type Misfit = {
  code: 'wrong-type' | 'unknown-field' | 'missing-field'
  at: readonly string[]
  message: string
}

/**
 * Why no possible value of an expression fits an input (types/Q2); empty if one may fit. As at run time, a single value
 * fits a list of one, and nothing fits an empty list.
 */
export function misfitsOf(found: Type, wanted: Type, at: readonly string[] = []): Misfit[] {
  if (found.any || wanted.any || isEmpty(found) || found.function) return []
  const { array, object, ...scalars } = found
  const whole: Misfit = { code: 'wrong-type', at, message: wrongType(found, wanted) }
  if (!isEmpty(scalars) && isScalarTaken(scalars, wanted)) return []
  const alternatives: Misfit[][] = []
  if (array && wanted.array) alternatives.push(misfitsOf(array, wanted.array, [...at, '[]']))
  if (object && wanted.object) alternatives.push(misfitsOfObject(object, wanted.object, at))
  if (object && wanted.array) alternatives.push(misfitsOf({ object }, wanted.array, [...at, '[]']))
  if (alternatives.some((one) => one.length === 0)) return []
  const isOther = !isEmpty(scalars) || (array && !wanted.array) || (object && !wanted.object)
  return isOther ? [whole] : (alternatives[0] ?? [whole])
}

const isScalarTaken = (scalars: Type, wanted: Type): boolean =>
  meets(scalars, wanted) || Boolean(wanted.array && isScalarTaken(scalars, wanted.array))

export const wrongType = (found: Type, wanted: Type): string =>
  `it takes ${describeType(wanted)}, and gets ${describeType(found)}`

function misfitsOfObject(found: ObjectType, wanted: ObjectType, at: readonly string[]): Misfit[] {
  const ofFields = [...wanted.fields].flatMap(([name, field]): Misfit[] => {
    const own = found.fields.get(name)
    const type = typeOf(field)
    if (own) return misfitsOf(typeOf(own), type, [...at, name])
    return field.optional || typeof found.rest === 'object' || isOnlyList(type)
      ? []
      : [missing(name, { object: found }, at)]
  })
  const isStrict = wanted.rest === 'none' || (found.isWritten && typeof wanted.rest !== 'object')
  const unknown = isStrict ? [...found.fields].filter(([name]) => !fieldIn(wanted, name)) : []
  const ofOthers = unknown
    .filter(([, { optional }]) => !optional || found.isWritten)
    .map(([name]) => notTaken(name, { object: wanted }, at))
  return [...ofFields, ...ofOthers]
}

/** Whether a type accepts only lists, so that nothing is converted to an empty list. */
export const isOnlyList = (type: Type): boolean => Object.keys(type).join() === 'array'

function missing(name: string, found: Type, at: readonly string[]): Misfit {
  const message = `"${name}" is required, and is not in what it gets: ${describeType(found)}`
  return { code: 'missing-field', at: [...at, name], message }
}

export const notTaken = (name: string, wanted: Type, at: readonly string[]): Misfit => ({
  code: 'unknown-field',
  at: [...at, name],
  message: `there is no "${name}"${suggestNames(name, namesOf(wanted))}`,
})
