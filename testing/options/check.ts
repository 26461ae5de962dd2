import * as z from 'zod'
import { describeIssues, type Issue, issue } from '../../shared/domain/issue.ts'
import { issuesOfZod } from '../../shared/domain/issues-of-zod.ts'
import { describeNotJson, notJsonIn } from '../../shared/domain/not-json.ts'
import { shown } from '../../shared/domain/shown.ts'

/** A schema for each field of an option's type, so that neither has a field that the other lacks. */
export type ShapeOf<T> = { readonly [Field in keyof T]-?: z.ZodType }

/** The longest virtual time that a test may name: a year, which no step may exceed either. */
const MOST_SECONDS = 31_536_000
export const VirtualSeconds = z.number().min(0).max(MOST_SECONDS)

/** Throws a TypeError that lists what is wrong with the options of a test, each with its place. */
export function refuse(issues: readonly Issue[], caller: 'testAgent' | 'testWorkflow'): void {
  if (issues.length > 0) throw new TypeError(`${caller}: ${describeIssues(issues)}`)
}

/** The problems that a schema finds in the value at a place, such as `agents["text.write"]`; `what` names the value in messages. */
export function issuesAt(place: string, schema: z.ZodType, value: unknown, what = place): Issue[] {
  const parsed = schema.safeParse(value)
  if (parsed.success) return []
  return issuesOfZod(parsed.error, { schema, value, what }).map((one) => ({
    ...one,
    path: place === '' || one.path === '' ? place || one.path : `${place}.${one.path}`.replace('.[', '['),
  }))
}

/** The problems of an object's members, or of the value when it is no object. */
export function issuesOfMembers(
  place: string,
  value: unknown,
  issuesOf: (place: string, member: unknown, key: string) => Issue[],
): Issue[] {
  if (!isPlain(value)) return [notRight(place, value, 'an object')]
  return Object.entries(value).flatMap(([key, member]) => issuesOf(placeIn(place, key), member, key))
}

/** The path of a member whose key comes from the test, and may contain dots. */
export const placeIn = (place: string, key: string): string => `${place}[${JSON.stringify(key)}]`

export function issuesOfJson(place: string, value: unknown, start = ''): Issue[] {
  const found = value === undefined ? undefined : notJsonIn(value)
  const name = /[^.]+$/.exec(place)?.[0] ?? place
  return found ? [wrong(place, `${start}${describeNotJson(found, start === '' ? name : 'it')}`)] : []
}

/** `agents[0] is null; it must be ...`; a promise has its own message, because an `await` is missing. */
export const notRight = (place: string, value: unknown, right: string): Issue =>
  wrong('', `${place} is ${kindShown(value)}; it must be ${value instanceof Promise ? 'awaited' : right}`)

export const wrong = (place: string, message: string): Issue => issue('invalid-value', place, message)

/** Whether a value is a plain object: a Map or a Promise would be read as options without fields. */
export function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

/** The value as text for a message; an instance of a class is shown by the name of its class, because its JSON says little. */
function kindShown(value: unknown): string {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || isPlain(value))
    return shown(value)
  const { name = 'object' } = value.constructor ?? {}
  return `a ${name}`
}
