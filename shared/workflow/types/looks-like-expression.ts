import { type Issue, issue } from '../../domain/issue.ts'
import { isJsonObject } from '../../domain/json.ts'
import { shown } from '../../domain/shown.ts'
import { expressionIn } from '../expressions.ts'

/** The variables of the language: a text that begins with one of them is probably meant as an expression. */
const VARIABLES = 'input|steps|status|errors|error|task|item|index|iteration|previous'
const PATH = String.raw`(?:\.[A-Za-z_]\w*|\[[^\]]*\])*`

/** Only a path such as `$input.x`; or `$.input.x`, as in the JSONPath of Step Functions. */
const BARE = new RegExp(String.raw`^\$(?:\.|\$\.)?(?:${VARIABLES})${PATH}$`)
/** A text that consists of one placeholder. */
const PLACEHOLDER = new RegExp(
  String.raw`^(?:\{\{-?\s*(\$?[A-Za-z_]\w*${PATH})\s*-?\}\}|\$\{\{?\s*(\$?[A-Za-z_]\w*${PATH})\s*\}\}?)$`,
)
/** A placeholder in a text that names a variable of the language. */
const NAMES_VARIABLE = new RegExp(
  String.raw`\{\{-?\s*(\$?(?:${VARIABLES})${PATH})\s*-?\}\}|\$\{\{?\s*(\$?(?:${VARIABLES})${PATH})\s*\}\}?`,
)

/** An expression whose opening is taken apart: `{ % $input.x %}`. */
const APART = /\{[ \t]+%[ \t]*([^%]*\$[^%]*?)[ \t]*%[ \t]*\}/

/** Texts in a value that look like expressions and are none; those in expressions are left alone. */
export function lookalikesIn(value: unknown, path: string, known: ReadonlySet<string>): Issue[] {
  if (typeof value === 'string') {
    const meant = meantBy(value, known)
    return meant === undefined ? [] : [lookalike(value, meant, path)]
  }
  if (Array.isArray(value)) return value.flatMap((one, at) => lookalikesIn(one, `${path}[${at}]`, known))
  if (!isJsonObject(value)) return []
  return Object.entries(value).flatMap(([name, one]) => lookalikesIn(one, `${path}.${name}`, known))
}

/**
 * The expression that a text probably means; `known` are members of the input and steps, for placeholders without a
 * variable.
 */
function meantBy(text: string, known: ReadonlySet<string>): string | undefined {
  if (expressionIn(text) !== undefined) return undefined
  const [, apart] = APART.exec(text) ?? []
  if (apart !== undefined) return apart
  const trimmed = text.trim()
  if (BARE.test(trimmed)) return trimmed.replace(/^\$+\.?/, '$')
  const [, curly, dollar] = PLACEHOLDER.exec(trimmed) ?? NAMES_VARIABLE.exec(text) ?? []
  const inside = curly ?? dollar
  if (inside === undefined) return undefined
  const name = inside.replace(/^\$/, '')
  const isVariable = new RegExp(`^(?:${VARIABLES})\\b`).test(name)
  if (isVariable) return `$${name}`
  const [first = ''] = name.split(/[.[]/)
  // `${NAME}` is probably an environment variable, unless the name is known.
  if (curly === undefined && !known.has(first)) return undefined
  return `$input.${name}`
}

function lookalike(text: string, meant: string, path: string): Issue {
  // A shortened text must not be shown as a literal, because pasting it would lose the rest.
  const literal = text.length <= 40 ? text.replaceAll('\\', '\\\\').replaceAll("'", "\\'") : '...'
  const message = `${shown(text)} looks like an expression and is text; an expression is written "{% ${meant} %}", and such a text "{% '${literal}' %}"`
  return issue('looks-like-expression', path, message)
}
