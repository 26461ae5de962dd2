/**
 * Expressions: JSONata between `{% %}`.
 *
 * Invariants (tests cite them):
 * expressions/E1 a string that is entirely `{% ... %}` is an expression; any other string is a literal
 * expressions/E2 evaluation ends: in the deployed functions after 1 s of processor time, or at its memory limit, with an error that says
 *    so; other evaluations continue
 * expressions/E3 an expression sees only values: no `$eval`, no host objects, and it cannot change its input
 * expressions/E4 an undefined result inside an object leaves the member out; inside an array, and as a whole, it is null
 */
import { OrchestratorError } from '../domain/errors.ts'
import { isJsonObject, type Json } from '../domain/json.ts'
import { type Asked, evaluate } from './evaluator.ts'
import { plainPathOf, walkPath } from './plain-path.ts'
import { variablesIn } from './variables.ts'

export { reasonOf } from './evaluate-text.ts'

/** Variables of an expression, named without the `$`: `{item: ...}` for `$item`. */
export type Names = Readonly<Record<string, Json | undefined>>

/** The text between `{%` and `%}`; undefined when the value is not an expression (expressions/E1). */
export function expressionIn(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined
  const text = value.trim()
  return text.startsWith('{%') && text.endsWith('%}') ? text.slice(2, -2).trim() : undefined
}

/** Every expression inside a value, with its path. */
export function expressionsIn(value: unknown, path = ''): { path: string; text: string }[] {
  const text = expressionIn(value)
  if (text !== undefined) return [{ path, text }]
  if (Array.isArray(value))
    return value.flatMap((member, index) => expressionsIn(member, `${path}[${index}]`))
  if (!isJsonObject(value)) return []
  return Object.entries(value).flatMap(([key, member]) =>
    expressionsIn(member, path ? `${path}.${key}` : key),
  )
}

/** `value` with every expression replaced by its result. Throws InvalidInputError naming the expression. */
export async function resolveExpressions(value: unknown, names: Names, path = ''): Promise<Json | undefined> {
  const found = expressionsIn(value, path)
  const results = await evaluateAll(found, names)
  const next = results.values()
  return replaceExpressions(value, () => next.next().value)
}

/** Replaces expressions in the order of `expressionsIn`. */
function replaceExpressions(value: unknown, next: () => Json | undefined): Json | undefined {
  if (expressionIn(value) !== undefined) return next()
  if (Array.isArray(value)) return value.map((member) => replaceExpressions(member, next) ?? null)
  if (!isJsonObject(value)) return value as Json
  // `fromEntries` defines own members for any key, including `__proto__`.
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, member]) => {
      const result = replaceExpressions(member, next)
      return result === undefined ? [] : [[key, result]]
    }),
  )
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

type Found = { text: string; path: string }

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
  })
}
