import { type Issue, issue } from '../../domain/issue.ts'
import { isJsonObject } from '../../domain/json.ts'
import { cut, shown } from '../../domain/shown.ts'
import { expressionIn } from '../expressions.ts'

/** The variables of the language: a text that begins with one of them is probably meant as an expression. */
const VARIABLES = 'input|steps|status|errors|error|task|item|index|iteration|previous'
const PATH = String.raw`(?:\.[A-Za-z_]\w*|\[[^\]]*\])*`

/** Only a path such as `$input.x`; or `$.input.x`, as in the JSONPath of Step Functions. */
const BARE = new RegExp(String.raw`^\$(?:\.|\$\.)?(?:${VARIABLES})${PATH}$`)
/** A path of JSONPath, `$.x`, whose first name may be a member of the input. */
const JSON_PATH = new RegExp(String.raw`^\$\.([A-Za-z_]\w*${PATH})$`)
const NAME = String.raw`\s*(\$?[A-Za-z_][\w-]*${PATH})\s*`
/** `{{ x }}`, and `${x}` or `${{ x }}`, as other tools write what is put into a text. */
const PLACEHOLDERS = new RegExp(String.raw`\$\{\{?${NAME}\}\}?|\{\{-?${NAME}-?\}\}`, 'g')
const IS_VARIABLE = new RegExp(`^(?:${VARIABLES})\\b`)
/** What the input of a workflow, and the output of a step, are called elsewhere. */
const INPUT_ELSEWHERE = /^(?:workflow\.inputs?|inputs(?:\.parameters)?|params|parameters)\.(.+)$/
const OUTPUT_ELSEWHERE =
  /^(?:steps|tasks|nodes|needs|jobs)\.([\w-]+)\.(?:outputs?(?:\.parameters)?|result)(?=[.[]|$)(.*)$/

/** An expression whose opening is taken apart: `{ % $input.x %}`. */
const APART = /\{[ \t]+%[ \t]*([^%]*\$[^%]*?)[ \t]*%[ \t]*\}/

/** Members of the input, and ids of steps. */
export type KnownNames = { inputs: ReadonlySet<string>; steps: ReadonlySet<string> }
const NOTHING_KNOWN: KnownNames = { inputs: new Set(), steps: new Set() }

/** Texts in a value that look like expressions and are none; those in expressions are left alone. */
export function lookalikesIn(value: unknown, path: string, known: KnownNames): Issue[] {
  if (typeof value === 'string') {
    const meant = meantBy(value, known)
    return meant === undefined ? [] : [lookalike(value, meant, path)]
  }
  if (Array.isArray(value)) return value.flatMap((one, at) => lookalikesIn(one, `${path}[${at}]`, known))
  if (!isJsonObject(value)) return []
  return Object.entries(value).flatMap(([name, one]) =>
    name.endsWith('.$') && typeof one === 'string' && one.startsWith('$')
      ? [ofStepFunctions(name, one, path)]
      : lookalikesIn(one, `${path}.${name}`, known),
  )
}

/** `"task.$": "$.x"`: how Step Functions writes a member that is computed. */
function ofStepFunctions(name: string, text: string, path: string): Issue {
  const message = `${shown(name)} is a name that Step Functions reads as JSONPath, and is a plain name here; it is written ${shown(name.slice(0, -2))}: "{% ${cut(text.replace(/^\$+\.?/, '$input.'))} %}"`
  return issue('looks-like-expression', path, message)
}

/** The expression that a text probably means. */
function meantBy(text: string, known: KnownNames): string | undefined {
  if (expressionIn(text) !== undefined) return undefined
  const [, apart] = APART.exec(text) ?? []
  if (apart !== undefined) return apart
  const trimmed = text.trim()
  if (BARE.test(trimmed)) return trimmed.replace(/^\$+\.?/, '$')
  const [, member] = JSON_PATH.exec(trimmed) ?? []
  if (member !== undefined) return variableFor(member, known)
  for (const [whole, dollar, curly] of text.matchAll(PLACEHOLDERS)) {
    const name = (curly ?? dollar ?? '').replace(/^\$/, '')
    const meant = variableFor(name, known)
    if (meant !== undefined) return meant
    // `${NAME}` is probably an environment variable, and `{{ name }}` in a text a template for somebody else, unless the name is known.
    if (curly !== undefined && whole === trimmed) return `$input.${name}`
  }
  return undefined
}

/** What a name stands for: a variable, in the words of another tool too, an output of a step, or a member of the input. */
function variableFor(name: string, { inputs, steps }: KnownNames): string | undefined {
  const [, ofInput] = INPUT_ELSEWHERE.exec(name) ?? []
  const [first = '', ...rest] = name.split(/(?=[.[])/)
  if (inputs.has(first)) return `$input.${name}`
  if (ofInput !== undefined) return `$input.${ofInput}`
  const [, step, more] = OUTPUT_ELSEWHERE.exec(name) ?? []
  if (step !== undefined) return `$steps.${step}${more}`
  if (IS_VARIABLE.test(name)) return `$${name}`
  if (!steps.has(first)) return undefined
  const isOutput = /^\.(?:outputs?|result)$/.test(rest[0] ?? '')
  return `$steps.${first}${rest.slice(isOutput ? 1 : 0).join('')}`
}

/** The expression that stands for a condition, or a list, in a text without `{% %}`; undefined where it looks like none. */
export function expressionMeant(text: string): string | undefined {
  const trimmed = text.trim()
  const meant = meantBy(text, NOTHING_KNOWN)
  if (meant !== undefined && new RegExp(`^(?:${PLACEHOLDERS.source})$`).test(trimmed)) return meant
  if (/^\$\.[A-Za-z_]/.test(trimmed)) return trimmed.replaceAll(/\$\.(?=[A-Za-z_])/g, '$input.')
  return new RegExp(String.raw`\$(?:${VARIABLES})\b`).test(trimmed) ? trimmed : undefined
}

function lookalike(text: string, meant: string, path: string): Issue {
  // A shortened text must not be shown as a literal, because pasting it would lose the rest.
  const literal = text.length <= 40 ? text.replaceAll('\\', '\\\\').replaceAll("'", "\\'") : '...'
  const message = `${shown(text)} looks like an expression and is text; an expression is written "{% ${meant} %}", and such a text "{% '${literal}' %}"`
  return issue('looks-like-expression', path, message)
}
