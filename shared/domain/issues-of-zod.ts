/**
 * Translates zod's issues into messages for the author of the value.
 *
 * Invariants (tests cite them):
 * issues/W1 a message says what is wrong, with the value (shortened), and what would be right; none of zod's own phrases is left
 * issues/W2 where only one alternative of a union can be meant, the issues are that alternative's, each at its own place
 * issues/W3 a message that the schema's author has given is kept
 * issues/W4 nested unions are described two levels deep, ten alternatives each: a recursive schema would never end
 */
import * as z from 'zod'
import { describeSchema, valuesOf, withoutWrapping } from './describe-schema.ts'
import { describeZodIssue, MOST_NESTED } from './describe-zod-issue.ts'
import { type Issue, issue } from './issue.ts'
import { isJsonObject } from './json.ts'
import { nearestNames } from './nearest-names.ts'
import { suggestField } from './peer-names.ts'
import { fieldsOf, schemaAt } from './schema-parts.ts'
import { cut, shown, valueAt } from './shown.ts'

type ZodIssue = z.core.$ZodIssue
type Schema = z.core.$ZodType

/**
 * The checked schema and value, both optional: without the schema a message cannot list everything that is allowed;
 * without the value it does not quote it.
 */
export type About = {
  schema?: Schema | undefined
  value?: unknown
  /** The path of the value in its document. */
  path?: string
  /** The name of the value when its path is empty. */
  what?: string
}

/** Zod's issues as {@link Issue}s; for one text or number only the first, whose message lists all conditions. */
export function issuesOfZod(error: Pick<z.ZodError, 'issues'>, about: About = {}): Issue[] {
  const all = error.issues.slice(0, MOST_TOLD).flatMap((found) => issuesOf(found, about))
  const seen = new Set<string>()
  const told = all.filter(({ code, path, message }) => {
    const key = path === '' || code !== 'invalid-value' ? `${path} ${message}` : path
    if (seen.has(key)) return false
    seen.add(key)
    return true
  })
  const more = Math.max(0, error.issues.length - MOST_TOLD)
  return more === 0 ? told : [...told, ...Array<Issue>(more).fill(UNTOLD)]
}

/** How many issues are translated: a table may have hundreds of thousands, and responses keep the first hundred. */
const MOST_TOLD = 1_000
const UNTOLD = issue('invalid-value', '', 'is wrong too')

/** `steps.a` and `['needs', 0]` are `steps.a.needs[0]`. */
function pathOf(base: string, path: readonly PropertyKey[]): string {
  return path.reduce<string>((before, part) => {
    if (typeof part === 'number') return `${before}[${part}]`
    return before === '' ? String(part) : `${before}.${String(part)}`
  }, base)
}

/** The value and the schema at the path that a zod issue names. */
function placed(found: ZodIssue, given: About) {
  const { schema, path = '', what = 'the value', ...about } = given
  const at = pathOf(path, found.path)
  const name = /[^.]+$/.exec(at)?.[0] ?? what
  const own = schema && schemaAt(schema, found.path)
  const value = 'value' in about ? valueAt(about.value, found.path) : undefined
  return {
    at,
    name,
    own,
    isValueKnown: 'value' in about,
    value,
    written: value === undefined ? writtenInstead(found, given) : [],
  }
}

/**
 * The names that an object has in place of a field that is missing, as far as they look like it. Empty where the schema refuses unknown
 * fields, which are issues of their own.
 */
function writtenInstead({ path }: ZodIssue, { schema, value }: About): string[] {
  const around = path.slice(0, -1)
  const object = schema && schemaAt(schema, around)
  const { def } = object ? withoutWrapping(object)._zod : {}
  const holder = valueAt(value, around)
  if (def?.type !== 'object' || def.catchall?._zod.def.type === 'never' || !isJsonObject(holder)) return []
  const unknown = Object.keys(holder).filter(
    (key) => key.length <= MOST_COMPARED && !Object.hasOwn(def.shape, key),
  )
  return unknown.length > MOST_COMPARED ? [] : nearestNames(String(path.at(-1)), unknown)
}

/** So many names of so many characters: comparing takes as long as their product. */
const MOST_COMPARED = 100

type Placed = ReturnType<typeof placed>

function issuesOf(found: ZodIssue, about: About): Issue[] {
  const place = placed(found, about)
  if (found.code === 'unrecognized_keys') return unknownFields(found.keys, place)
  if (found.code === 'invalid_key') return [issue('invalid-value', place.at, messageOfKey(found, about))]
  if (found.code === 'invalid_union' && !isMissing(found, place)) {
    const meant = alternativeMeant(found, place)
    if (meant) {
      const { isValueKnown, value } = place
      const inside = { schema: meant.schema, path: place.at, ...(isValueKnown ? { value } : {}) }
      return meant.issues.flatMap((one) => issuesOf(one, inside))
    }
  }
  return [issue('invalid-value', place.at, messageOf(found, place))]
}

function messageOf(found: ZodIssue, place: Placed): string {
  const custom = isOwnMessage(found, place) ? found.message : undefined
  if (isMissing(found, place)) {
    const instead = place.written.map((name) => `"${cut(name)}"`).join(' and ')
    const hint = instead === '' ? [] : [`there is ${instead} instead: is it misspelt?`]
    return ['is required', custom ?? mustBe(found, place), ...hint].join('; ')
  }
  // For the value as a whole the author's message is enough.
  if (custom && found.code === 'custom' && place.at === '') return custom
  const wrong = place.isValueKnown ? `${place.name} is ${shown(place.value)}` : `${place.name} is wrong`
  return `${wrong}; ${custom ?? `${mustBe(found, place)}${didYouMean(place)}`}`
}

/** Falls back to zod's issue when no schema is known, as for a member that only the other half of an intersection declares. */
function mustBe(found: ZodIssue, { own }: Placed): string {
  if (found.code === 'invalid_type' && found.expected === 'nonoptional') return givenAs(own)
  const described = own ? describeSchema(own) : ANOTHER
  return `it must be ${described === ANOTHER ? describeZodIssue(found) : described}`
}

/** What a field must be whose absence alone is refused: that of an object which makes its optional fields required, or of any value. */
function givenAs(own: Schema | undefined): string {
  const described = own ? describeSchema(own) : ANOTHER
  return described === ANOTHER ? 'any value will do' : `it must be ${described}`
}

const ANOTHER = 'another value'

/** Whether a value is absent: zod gives the author's message for a wrong type in that case too. */
function isMissing(found: ZodIssue, { isValueKnown, value }: Placed, nested = 0): boolean {
  if (isValueKnown) return value === undefined
  return found.code === 'invalid_union'
    ? nested < MOST_NESTED &&
        found.errors.length > 0 &&
        found.errors.every(([first]) => first !== undefined && isMissing(first, UNKNOWN, nested + 1))
    : found.code === 'invalid_type' && found.message.endsWith('received undefined')
}

const UNKNOWN: Placed = {
  at: '',
  name: '',
  own: undefined,
  isValueKnown: false,
  value: undefined,
  written: [],
}

/** Whether the message comes from the schema's author rather than from zod (issues/W3). */
function isOwnMessage(found: ZodIssue, { value }: Placed): boolean {
  if (found.message.startsWith('Invalid input')) return false
  const ofZod = z.config().localeError?.({ ...found, input: value } as never)
  return found.message !== (typeof ofZod === 'string' ? ofZod : ofZod?.message)
}

/** How many unknown fields of one object are reported; each message lists all known fields. */
const MOST_FIELDS = 20

function unknownFields(keys: readonly string[], place: Placed): Issue[] {
  const told = keys.slice(0, MOST_FIELDS).map((key) => unknownField(key, place))
  const more = keys.length - told.length
  if (more === 0) return told
  return [
    ...told,
    issue(
      'unknown-field',
      place.at,
      `${place.name} has ${more} more fields that are unknown; leave them out`,
    ),
  ]
}

function unknownField(key: string, { at, name, own, value }: Placed): Issue {
  const known = own ? fieldsOf(own, value) : []
  const hint = known.length > 0 ? suggestField(key, known) : '; leave it out'
  return issue('unknown-field', pathOf(at, [key]), `${name} has no "${cut(key)}"${hint}`)
}

function messageOfKey(found: Extract<ZodIssue, { code: 'invalid_key' }>, about: About): string {
  const key = String(found.path.at(-1))
  const record = about.schema && schemaAt(about.schema, found.path.slice(0, -1))
  const { def } = record ? withoutWrapping(record)._zod : {}
  const schema = def?.type === 'record' ? def.keyType : undefined
  const [first] = found.issues
  if (!first) return `the key ${shown(key)} is wrong`
  return messageOf(first, { ...UNKNOWN, name: 'the key', own: schema, isValueKnown: true, value: key })
}

function didYouMean({ own, value }: Placed): string {
  if (!own || typeof value !== 'string') return ''
  const near = nearestNames(value, valuesOf(own)).filter((one) => one !== value)
  return near.length > 0 ? `; did you mean ${near.map((one) => `"${one}"`).join(' or ')}?` : ''
}

/** The issues of the one alternative of a union that can be meant, if they lie deeper inside the value (issues/W2). */
function alternativeMeant(
  found: Extract<ZodIssue, { code: 'invalid_union' }>,
  { own, value }: Placed,
): { schema: Schema | undefined; issues: readonly ZodIssue[] } | undefined {
  const { def } = own ? withoutWrapping(own)._zod : {}
  const options = def?.type === 'union' ? def.options : []
  const inside = found.errors
    .map((issues, at) => ({ schema: options[at], issues }))
    .filter(({ issues }) => issues.length > 0 && issues.every(isInside))
  if (inside.length <= 1) return inside[0]
  if (!isJsonObject(value)) return undefined
  const score = ({ schema }: (typeof inside)[number]): number => {
    const fields = schema ? fieldsOf(schema, value) : []
    return Object.keys(value).filter((key) => fields.includes(key)).length
  }
  const best = Math.max(...inside.map(score))
  const meant = inside.filter((one) => score(one) === best)
  return best > 0 && meant.length === 1 ? meant[0] : undefined
}

const isInside = ({ code, path }: ZodIssue): boolean => path.length > 0 || code === 'unrecognized_keys'
