import { nearestNames } from '../../domain/nearest-names.ts'
import type { Node } from '../parse-expression.ts'
import { describeType } from './describe-type.ts'
import { itemsOf } from './infer-path.ts'
import type { Infer, Place } from './inference.ts'
import {
  BOOLEAN,
  INTEGER,
  isEmpty,
  listOf,
  NUMBER,
  orNothing,
  STRING,
  type Type,
  withoutNothing,
} from './type.ts'

const ARITHMETIC = ['+', '-', '*', '/', '%']
const ORDER = ['<', '<=', '>', '>=']

export function inferBinary(node: Node, place: Place, infer: Infer): Type {
  const operator = String(node.value)
  const [left, right] = [node.lhs, node.rhs] as [Node, Node]
  const types = [infer(left, place), infer(right, place)] as const
  if (ARITHMETIC.includes(operator)) {
    for (const type of types) requireNumber(type, operator, place)
    return orNothing(NUMBER)
  }
  if (ORDER.includes(operator)) {
    requireOrder(types, operator, place)
    return orNothing(BOOLEAN)
  }
  if (operator === '&') return STRING
  if (operator === '..') {
    for (const type of types) requireNumber(type, operator, place)
    return orNothing(listOf(INTEGER))
  }
  if ((operator === '=' || operator === '!=') && !(isWritten(left) && isWritten(right)))
    requireMeeting(types, operator, place)
  if (operator === 'in' && !(isWritten(left) && isWritten(right)))
    requireMeeting([types[0], itemsOf(types[1])], operator, place)
  return BOOLEAN
}

export function inferNegation(node: Node, place: Place, infer: Infer): Type {
  requireNumber(infer(node.expression as Node, place), '-', place)
  return orNothing(NUMBER)
}

/** Whether an operand is a literal. Comparing two literals (`1 = 2`) is intentional, and means "never". */
const isWritten = ({ type }: Node): boolean => type === 'string' || type === 'number' || type === 'value'

function requireNumber(type: Type, operator: string, { run }: Place): void {
  if (type.any || type.number || isEmpty(type)) return
  const message = `"${operator}" takes numbers, and gets ${describeType(type)}`
  run.complain({ code: 'wrong-type', message })
}

function requireOrder([left, right]: readonly [Type, Type], operator: string, { run }: Place): void {
  const isComparable = (type: Type): boolean =>
    Boolean(type.any || type.number || type.string || isEmpty(type))
  const refused = [left, right].find((type) => !isComparable(type))
  if (refused) {
    const message = `"${operator}" compares numbers or texts, and gets ${describeType(refused)}`
    return run.complain({ code: 'wrong-type', message })
  }
  if (left.any || right.any || isEmpty(left) || isEmpty(right)) return
  if ((left.number && right.number) || (left.string && right.string)) return
  const message = `"${operator}" compares ${describeType(left)} with ${describeType(right)}, which have no order`
  run.complain({ code: 'wrong-type', message })
}

/** Complains when two operands can never be equal. */
function requireMeeting([left, right]: readonly [Type, Type], operator: string, { run }: Place): void {
  if (isEmpty(left) || isEmpty(right) || meets(left, right)) return
  const always = operator === '!=' ? 'always true' : 'always false'
  const [known, written] =
    isConstants(right.string) && right.string.size === 1 ? [left, right] : [right, left]
  const near =
    isConstants(known.string) && isConstants(written.string)
      ? nearestNames([...written.string][0] ?? '', known.string).map((one) => `"${one}"`)
      : []
  const hint = near.length > 0 ? `; did you mean ${near.join(' or ')}?` : ''
  const message = `"${operator}" is ${always} here: ${describeType(left)} is never ${describeType(right)}${hint}`
  run.complain({ code: 'never-equal', message })
}

const isConstants = (texts: Type['string']): texts is ReadonlySet<string> => typeof texts === 'object'

/** Whether the two types have a value in common. */
export function meets(left: Type, right: Type): boolean {
  if (left.any || right.any) return true
  const [one, other] = [withoutNothing(left), withoutNothing(right)]
  if ((one.null && other.null) || (one.array && other.array) || (one.object && other.object)) return true
  if (one.function || other.function) return true
  return (
    meetsConstants(one.boolean, other.boolean) ||
    meetsConstants(one.string, other.string) ||
    meetsNumbers(one.number, other.number)
  )
}

type Constants = true | ReadonlySet<unknown> | undefined

function meetsConstants(one: Constants, other: Constants): boolean {
  if (one === undefined || other === undefined) return false
  return one === true || other === true || !one.isDisjointFrom(other)
}

export function meetsNumbers(one: Type['number'], other: Type['number']): boolean {
  if (one === undefined || other === undefined) return false
  if (one !== 'integer' && other !== 'integer') return meetsConstants(one, other)
  const wider = one === 'integer' ? other : one
  return typeof wider !== 'object' || [...wider].some(Number.isInteger)
}
