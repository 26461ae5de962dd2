/**
 * Expressions: JSONata between `{% %}`.
 *
 * Invariants (tests cite them):
 * expressions/E1 a string whose whole text is one `{% ... %}`, white space aside, has the value of that expression; any other string is
 *    text, in which every `{% ... %}` is replaced by its value as text (`text-parts.ts`)
 * expressions/E2 evaluation ends: in the deployed functions after 1 s of processor time, or at its memory limit, with an error that says
 *    so; other evaluations continue
 * expressions/E3 an expression sees only values: no `$eval`, no host objects, and it cannot change its input
 * expressions/E4 an undefined result inside an object leaves the member out; inside an array, and as a whole, it is null; in a text it is
 *    nothing
 * expressions/E5 a text that expressions are put into has at most as many characters as one that an expression makes (jsonata/B1)
 */
import { OrchestratorError } from '../domain/errors.ts'
import { isJsonObject, type Json } from '../domain/json.ts'
import { type Asked, evaluate } from './evaluator.ts'
import { MAX_TEXT } from './expression-functions.ts'
import { plainPathOf, walkPath } from './plain-path.ts'
import { describeUnclosed, splitText, type TextPart, textOf } from './text-parts.ts'
import { variablesIn } from './variables.ts'

export { reasonOf } from './evaluate-text.ts'

/** Variables of an expression, named without the `$`: `{item: ...}` for `$item`. */
export type Names = Readonly<Record<string, Json | undefined>>

/** `offset` is where the expression's text begins in its string. */
export type FoundExpression = { path: string; text: string; offset: number }

export const hasExpressions = (value: unknown): boolean => expressionsIn(value).length > 0

/** The expression that is the whole of a string; undefined for text, and for any other value (expressions/E1). */
export function expressionIn(value: unknown): string | undefined {
  const parts = typeof value === 'string' ? partsOf(value) : undefined
  return parts && wholeExpression(parts)
}

function wholeExpression(parts: readonly TextPart[]): string | undefined {
  const said = parts.filter((part) => 'expression' in part || part.literal.trim() !== '')
  const [first] = said
  return first && said.length === 1 && 'expression' in first ? first.expression : undefined
}

/** Undefined for a string with an expression that is not closed, which validation refuses. */
function partsOf(value: string): TextPart[] | undefined {
  const split = splitText(value)
  return 'parts' in split ? split.parts : undefined
}

/** Every expression inside a value, with its path; a string may have several. */
export function expressionsIn(value: unknown, path = ''): FoundExpression[] {
  if (typeof value === 'string') {
    return (partsOf(value) ?? []).flatMap((part) =>
      'expression' in part ? [{ path, text: part.expression, offset: part.offset }] : [],
    )
  }
  if (Array.isArray(value))
    return value.flatMap((member, index) => expressionsIn(member, `${path}[${index}]`))
  if (!isJsonObject(value)) return []
  return Object.entries(value).flatMap(([key, member]) =>
    expressionsIn(member, path ? `${path}.${key}` : key),
  )
}

/**
 * `value` with every expression replaced by its result, and `{%%` by `{%`. Throws InvalidInputError naming the expression, or the text
 * that becomes too long.
 */
export async function resolveExpressions(value: unknown, names: Names, path = ''): Promise<Json | undefined> {
  const found = expressionsIn(value, path)
  const results = (await evaluateAll(found, names)).values()
  return replaceExpressions(value, path, () => results.next().value)
}

/** The value without its escapes; strings with expressions are unchanged. For checks of literal values before a run. */
export function withoutEscapes(value: unknown): unknown {
  if (typeof value === 'string') {
    const parts = partsOf(value) ?? []
    const isLiteral = parts.length > 0 && parts.every((part) => 'literal' in part)
    return isLiteral ? parts.map((part) => ('literal' in part ? part.literal : '')).join('') : value
  }
  if (Array.isArray(value)) return value.map(withoutEscapes)
  if (!isJsonObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, withoutEscapes(member)]))
}

/** Replaces expressions in the order of `expressionsIn`. */
function replaceExpressions(value: unknown, path: string, next: () => Json | undefined): Json | undefined {
  if (typeof value === 'string') return replaceInText(value, path, next)
  if (Array.isArray(value))
    return value.map((member, index) => replaceExpressions(member, `${path}[${index}]`, next) ?? null)
  if (!isJsonObject(value)) return value as Json
  // `fromEntries` defines own members for any key, including `__proto__`.
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, member]) => {
      const result = replaceExpressions(member, path ? `${path}.${key}` : key, next)
      return result === undefined ? [] : [[key, result]]
    }),
  )
}

function replaceInText(text: string, path: string, next: () => Json | undefined): Json | undefined {
  const split = splitText(text)
  if ('unclosed' in split) throw refusedText(path, describeUnclosed(text, split.unclosed))
  if (wholeExpression(split.parts) !== undefined) return next()
  const told = split.parts.map((part) => ('literal' in part ? part.literal : textOf(next())))
  const length = told.reduce((sum, part) => sum + part.length, 0)
  if (length > MAX_TEXT)
    throw refusedText(path, `a text of ${length} characters; with its expressions it has at most ${MAX_TEXT}`)
  return told.join('')
}

function refusedText(path: string, reason: string): OrchestratorError {
  return new OrchestratorError('InvalidInputError', path ? `${path}: ${reason}` : reason, { path })
}

/** Undefined when the expression finds nothing. Throws InvalidInputError with the expression and the reason. */
export async function evaluateExpression(text: string, names: Names, path = ''): Promise<Json | undefined> {
  const [result] = await evaluateAll([{ text, path }], names)
  return result
}

/** Evaluates one expression for many sets of variables, like `evaluateExpression`; `pathAt` gives the place for errors. */
export async function evaluateForEach(
  text: string,
  each: readonly Names[],
  pathAt: (at: number) => string,
): Promise<(Json | undefined)[]> {
  const wanted = variablesOf({ text, path: pathAt(0) })
  const results: (Json | undefined)[] = []
  for (let from = 0; from < each.length; from += AT_ONCE) {
    const asked = each
      .slice(from, from + AT_ONCE)
      .map((names) => ({ text, names: jsonByName(names)(wanted) }))
    const answers = await answersTo(asked, (at) => ({ text, path: pathAt(from + at) }))
    for (const value of answers) results.push(value)
  }
  return results
}

const AT_ONCE = 1_000

type Found = Pick<FoundExpression, 'text' | 'path'>

async function evaluateAll(found: readonly Found[], names: Names): Promise<(Json | undefined)[]> {
  const json = jsonByName(names)
  const walked = found.map((one) => walk(one, names))
  const left = found.filter((_, at) => walked[at] === 'evaluate')
  const asked = left.map((one) => ({ text: one.text, names: json(variablesOf(one)) }))
  const values = (await answersTo(asked, (at) => left[at] as Found)).values()
  return walked.map((one) => (one === 'evaluate' ? values.next().value : structuredClone(one.found)))
}

async function answersTo(
  asked: readonly Asked[],
  foundAt: (at: number) => Found,
): Promise<(Json | undefined)[]> {
  if (asked.length === 0) return []
  const answers = await evaluate(asked)
  if ('error' in answers) throw failed(foundAt(answers.failedAt), answers.error)
  return answers.results.map((json) => (json === undefined ? undefined : (JSON.parse(json) as Json)))
}

function walk(found: Found, names: Names): ReturnType<typeof walkPath> {
  const plain = parsed(found, plainPathOf)
  return plain ? walkPath(names, plain) : 'evaluate'
}

const variablesOf = (found: Found): ReadonlySet<string> => parsed(found, variablesIn)

function parsed<T>(found: Found, use: (text: string) => T): T {
  try {
    return use(found.text)
  } catch (error) {
    throw failed(found, (error as Error).message)
  }
}

/** The JSON of an object with the wanted variables; each value is serialized once, however many expressions mention it. */
function jsonByName(names: Names): (wanted: ReadonlySet<string>) => string {
  const written = new Map<string, string>()
  const memberOf = (name: string): string => {
    const known = written.get(name)
    if (known !== undefined) return known
    const member = `${JSON.stringify(name)}:${JSON.stringify(names[name])}`
    written.set(name, member)
    return member
  }
  return (wanted) => {
    const own = [...wanted].filter((name) => Object.hasOwn(names, name) && names[name] !== undefined)
    return `{${own.map(memberOf).join(',')}}`
  }
}

/** The most characters of an expression that an error shows. */
const MOST_SHOWN = 500

function failed({ text, path }: Found, reason: string): OrchestratorError {
  const shown = text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}...` : text
  const where = path ? ` at ${path}` : ''
  return new OrchestratorError('InvalidInputError', `expression {% ${shown} %}${where}: ${reason}`, {
    expression: shown,
    path,
    reason,
  })
}
