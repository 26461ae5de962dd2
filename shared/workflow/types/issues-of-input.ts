import { type Issue, issue } from '../../domain/issue.ts'
import { isJsonObject, type Json } from '../../domain/json.ts'
import { expressionIn } from '../expressions.ts'
import { meets } from './infer-operator.ts'
import { isOnlyList, type Misfit, misfitsOf, notTaken, wrongType } from './misfits.ts'
import { inferredIn, type Scope } from './scopes.ts'
import { fieldIn, isEmpty, type ObjectType, STRING, type Type, typeOf, typeOfValue } from './type.ts'

/**
 * Issues of an input, as it is written in the workflow, against the expected type; `what` names the receiver in
 * messages.
 */
export function issuesOfInput(
  template: unknown,
  wanted: Type,
  place: { path: string; what: string; scope: Scope },
): Issue[] {
  if (wanted.any) return []
  const { path, what, scope } = place
  const told = (misfit: Misfit): Issue => issueOf(misfit, path, what)
  const text = expressionIn(template)
  if (text !== undefined) return misfitsOf(inferredIn(text, scope).type, wanted).map(told)
  const inside = (step: string): typeof place => ({ ...place, path: `${path}${step}` })
  if (Array.isArray(template)) {
    const { array } = wanted
    if (!array) return [told(mismatch({ array: {} }, wanted))]
    return template.flatMap((one, at) => issuesOfInput(one, array, inside(`[${at}]`)))
  }
  if (isJsonObject(template)) {
    const { object } = wanted
    if (!object) return [told(mismatch({ object: { fields: new Map(), rest: 'none' } }, wanted))]
    return issuesOfMembers(template, object, place)
  }
  const own = typeof template === 'string' && template.includes('{%') ? STRING : typeOfValue(template as Json)
  return meets(own, wanted) ? [] : [told(mismatch(own, wanted))]
}

const mismatch = (found: Type, wanted: Type): Misfit => ({
  code: 'wrong-type',
  at: [],
  message: wrongType(found, wanted),
})

function issuesOfMembers(
  template: Readonly<Record<string, unknown>>,
  wanted: ObjectType,
  place: { path: string; what: string; scope: Scope },
): Issue[] {
  const { path, what, scope } = place
  const ofMembers = Object.entries(template).flatMap(([name, one]) => {
    const inside = { ...place, path: `${path}.${name}` }
    const field = fieldIn(wanted, name)
    if (field) return issuesOfInput(one, typeOf(field), inside)
    return [issueOf({ ...notTaken(name, { object: wanted }, []), at: [] }, inside.path, what)]
  })
  const missing = [...wanted.fields].flatMap(([name, field]): Issue[] => {
    if (field.optional) return []
    const isWritten = Object.hasOwn(template, name)
    if (isWritten && (!isNothing(template[name], scope) || isOnlyList(typeOf(field)))) return []
    const message = isWritten
      ? `"${name}" is required, and this finds nothing`
      : `"${name}" is required, and missing`
    const misfit: Misfit = { code: 'missing-field', at: [], message }
    return [issueOf(misfit, isWritten ? `${path}.${name}` : path, what)]
  })
  return [...ofMembers, ...missing]
}

/** Whether an expression never returns a value, like the output of a wait. */
function isNothing(template: unknown, scope: Scope): boolean {
  const text = expressionIn(template)
  if (text === undefined) return false
  const { type } = inferredIn(text, scope)
  return !type.any && isEmpty(type) && type.nothing === true
}

/** An issue about part of an expression's result is reported at the expression, and names the part. */
function issueOf({ code, at, message }: Misfit, path: string, what: string): Issue {
  const part = at
    .map((one) => (one === '[]' ? one : `.${one}`))
    .join('')
    .replace(/^\./, '')
  const name = path.slice(path.lastIndexOf('.') + 1)
  const where = part ? `in what ${name} finds, ${part}: ` : ''
  return issue(code, path, `${where}${message} (${what})`)
}
