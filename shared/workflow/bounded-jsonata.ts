/**
 * JSONata with limits on single values: an expression cannot create one text or list so large that its memory cannot be refused in time.
 * Total time and memory are limited by the evaluator (`functions/expressions`).
 *
 * Invariants (tests cite them):
 * jsonata/B1 a text that an expression makes has at most 4,000,000 characters, a list at most 1,000,000 members
 * jsonata/B2 expressions cannot bypass the limits by name: operators and functions are replaced in place, and no replacement is a variable
 * jsonata/B3 there is no `$eval`
 * jsonata/B4 a transformation changes data only: never a function, and objects shared between evaluations are frozen
 */
import type jsonata from 'jsonata'
import { addedFunctions, JSONATA_FUNCTIONS, MAX_LIST, MAX_TEXT } from './expression-functions.ts'
import { checkedExpression, type Node } from './parse-expression.ts'
import { base64Of, codePointsIn, pad, substring, textOfBase64 } from './text-functions.ts'

type Definition = { implementation: Implementation; [member: string]: unknown }
type Implementation = (...args: unknown[]) => unknown

/**
 * The limit of evaluations in progress: JSONata starts all members of an object, and all groups, before it finishes one, so this counts
 * width as well as depth. Endless recursion reaches it long before memory is exhausted.
 */
const MAX_OPEN = 60_000

/** Variables cannot contain a space, so no expression can name this one (jsonata/B2). */
const CONCATENATE = ' concatenate'
const CHANGEABLE = ' changeable'
const NOW = ' now'

/**
 * A compiled expression with limited functions; `draw` returns 16 random bytes as hexadecimal text. `wallMilliseconds`: JSONata's own time
 * limit, checked between its steps; 0 when the evaluating thread is supervised from outside.
 */
export async function boundedExpression(
  text: string,
  draw: () => string,
  wallMilliseconds: number,
): Promise<jsonata.Expression> {
  const options = { sequence: MAX_LIST, stack: MAX_OPEN, timeout: wallMilliseconds }
  const expression = checkedExpression(text, options as jsonata.JsonataOptions)
  boundConcatenation(expression.ast())
  boundTransformation(expression.ast())
  expression.assign('eval', undefined)
  for (const [name, definition] of await boundedFunctions()) expression.assign(name, definition)
  await boundNow(expression)
  for (const [name, { implementation, signature }] of Object.entries(addedFunctions(draw))) {
    expression.registerFunction(name, implementation as Implementation, signature)
  }
  return expression
}

/** Rewrites `a & b` as a call of a limited function. */
function boundConcatenation(value: unknown): void {
  if (Array.isArray(value)) return value.forEach(boundConcatenation)
  if (typeof value !== 'object' || value === null) return
  const node = value as Record<string, unknown>
  for (const member of Object.values(node)) boundConcatenation(member)
  if (node.type !== 'binary' || node.value !== '&') return
  const { lhs, rhs, position } = node
  const procedure: Node = { type: 'variable', value: CONCATENATE, position }
  Object.assign(node, { type: 'function', value: '(', procedure, arguments: [lhs, rhs], position })
  delete node.lhs
  delete node.rhs
}

/** JSONata defines `$now` for each expression, with the time of its evaluation, so it is wrapped for each. */
async function boundNow(expression: jsonata.Expression): Promise<void> {
  const frame = expression as unknown as { assign(name: string, value: unknown): void }
  const ofTime = (await boundedFunctions()).get(NOW) as Definition
  function now(this: { environment: { timestamp: Date } }, picture?: unknown, timezone?: unknown): unknown {
    return ofTime.implementation.call(this, this.environment.timestamp.getTime(), picture, timezone)
  }
  const { signature } = (await checkedExpression('$now').evaluate(undefined)) as Definition
  frame.assign('now', { _jsonata_function: true, implementation: now, signature })
}

/** Checks the targets of `| pattern | ... |` before they are changed (jsonata/B4). */
function boundTransformation(value: unknown): void {
  if (Array.isArray(value)) return value.forEach(boundTransformation)
  if (typeof value !== 'object' || value === null) return
  const node = value as Record<string, unknown>
  for (const member of Object.values(node)) boundTransformation(member)
  if (node.type !== 'transform') return
  const { pattern, position } = node
  const procedure: Node = { type: 'variable', value: CHANGEABLE, position }
  node.pattern = { type: 'function', value: '(', procedure, arguments: [pattern], position }
}

function refuseFunctions(matches: unknown): unknown {
  const all: unknown[] = Array.isArray(matches) ? matches : [matches]
  if (all.some(isFunction)) throw new Error('a transformation changes data, and no function')
  return matches
}

const isFunction = (value: unknown): boolean =>
  typeof value === 'function' ||
  (typeof value === 'object' &&
    value !== null &&
    ('_jsonata_lambda' in value || '_jsonata_function' in value))

let functions: Promise<ReadonlyMap<string, unknown>> | undefined

/** JSONata's own function definitions are values of its variables; each is copied with a limited implementation. */
function boundedFunctions(): Promise<ReadonlyMap<string, unknown>> {
  functions ??= (async () => {
    const bounded = new Map<string, unknown>()
    for (const name of JSONATA_FUNCTIONS) {
      if (name === 'now' || name === 'millis') continue
      const definition = (await checkedExpression(`$${name}`).evaluate(undefined)) as Definition
      const { implementation } = definition
      bounded.set(
        name,
        shared({ ...definition, implementation: boundedImplementation(name, implementation) }),
      )
    }
    const { implementation: text } = bounded.get('string') as Definition
    const concatenate = (left: unknown, right: unknown): string =>
      boundedText([left, right].map((side) => (side === undefined ? '' : (text(side) as string))))
    const { implementation: ofTime } = bounded.get('fromMillis') as Definition
    bounded.set(NOW, shared({ _jsonata_function: true, implementation: ofTime }))
    bounded.set(CONCATENATE, shared({ _jsonata_function: true, implementation: concatenate }))
    bounded.set(CHANGEABLE, shared({ _jsonata_function: true, implementation: refuseFunctions }))
    return bounded
  })()
  return functions
}

/** All evaluations share the definitions (jsonata/B4); JSONata writes the name and position of the last call into them. */
function shared(definition: Definition): Definition {
  const noted = { token: undefined, position: undefined, ...definition }
  for (const name of Object.keys(definition))
    Object.defineProperty(noted, name, { writable: false, configurable: false })
  return Object.preventExtensions(noted)
}

function boundedText(parts: readonly string[]): string {
  const length = parts.reduce((sum, part) => sum + part.length, 0)
  if (length > MAX_TEXT) throw tooLong(length)
  return parts.join('')
}

const tooLong = (length: number): Error =>
  new Error(`a text of ${length} characters; an expression makes none of more than ${MAX_TEXT}`)

/** JSONata reads a function's parameters and arity from its source text, so the wrapper must show the original's. */
function boundedImplementation(name: string, original: Implementation): Implementation {
  const before = Object.hasOwn(FORESEEN, name) ? FORESEEN[name] : undefined
  const replacement = Object.hasOwn(REPLACED, name) ? REPLACED[name] : undefined
  function bounded(this: unknown, ...args: unknown[]): unknown {
    for (const arg of args) if (lengthOf(arg) > MAX_TEXT) throw tooLong(lengthOf(arg))
    before?.(args)
    const result = (replacement ?? original).apply(this, args)
    return result instanceof Promise ? result.then(refuseTooLong) : refuseTooLong(result)
  }
  Object.defineProperty(bounded, 'length', { value: original.length })
  Object.defineProperty(bounded, 'toString', { value: () => original.toString() })
  return bounded
}

function refuseTooLong(value: unknown): unknown {
  if (typeof value === 'string' && value.length > MAX_TEXT) throw tooLong(value.length)
  if (Array.isArray(value) && value.length > MAX_LIST) {
    throw new Error(`a list of ${value.length} members; an expression makes none of more than ${MAX_LIST}`)
  }
  return value
}

const lengthOf = (value: unknown): number => (typeof value === 'string' ? value.length : 0)

/** Checks of arguments, for functions whose result would be too large before it could be checked. */
const FORESEEN: Readonly<Record<string, (args: unknown[]) => void>> = {
  join: ([texts, separator]) => {
    if (!Array.isArray(texts)) return
    const own = texts.reduce<number>((sum, text) => sum + lengthOf(text), 0)
    const length = own + lengthOf(separator) * Math.max(0, texts.length - 1)
    if (length > MAX_TEXT) throw tooLong(length)
  },
  split: (args) => {
    const [, , most] = args
    args[2] = typeof most === 'number' ? Math.min(most, MAX_LIST + 1) : MAX_LIST + 1
  },
  // A character becomes nine characters at most.
  encodeUrl: ([text]) => refuseLonger(text, MAX_TEXT / 9),
  encodeUrlComponent: ([text]) => refuseLonger(text, MAX_TEXT / 9),
  base64encode: ([text]) => refuseLonger(text, MAX_TEXT / 4),
  base64decode: ([text]) => refuseLonger(text, MAX_TEXT / 4),
  ...Object.fromEntries(
    ['formatNumber', 'formatInteger', 'parseInteger', 'fromMillis', 'toMillis'].map((name) => [
      name,
      (args: unknown[]) => {
        for (const picture of args) refuseLonger(picture, MAX_PICTURE)
        if (name.endsWith('Millis')) refuseWide(args[1])
      },
    ]),
  ),
}

/** Checks the widths in a time's picture (`[Y,4-8]`), because JSONata pads to them; it ignores spaces in them. */
function refuseWide(picture: unknown): void {
  if (typeof picture !== 'string') return
  for (const [, marker = ''] of picture.matchAll(/\[([^\]]*)/g)) {
    const widths = marker.replace(/\s/g, '').split(',').slice(1).at(-1)?.match(/\d+/g) ?? []
    const wide = widths.find((width) => Number(width) > MAX_PICTURE)
    if (wide !== undefined)
      throw new Error(`a width of ${wide} characters; here it has at most ${MAX_PICTURE}`)
  }
}

/** The longest picture for numbers or times. */
const MAX_PICTURE = 1_000

function refuseLonger(text: unknown, most: number): void {
  if (lengthOf(text) > most) {
    throw new Error(`a text of ${lengthOf(text)} characters; here it has at most ${Math.floor(most)}`)
  }
}

/** Replacements: JSONata's versions create a list of all characters, or need `btoa` or Buffer, which a bare V8 context lacks. */
const REPLACED: Readonly<Record<string, Implementation>> = {
  length: (text) => (typeof text === 'string' ? codePointsIn(text) : undefined),
  substring: (text, start, length) =>
    typeof text === 'string' ? substring(text, Number(start), length as number | undefined) : undefined,
  pad: (text, width, char) =>
    typeof text === 'string' ? pad(text, Math.trunc(Number(width)), char as string | undefined) : undefined,
  base64encode: (text) => (typeof text === 'string' ? base64Of(text) : undefined),
  base64decode: (text) => (typeof text === 'string' ? textOfBase64(text) : undefined),
}
