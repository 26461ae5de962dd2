/**
 * JSONata whose parts are bounded: no single text or list that an expression makes is so large that the memory it takes cannot be
 * refused in time. Time and memory as a whole are bounded by whoever runs it (`functions/expressions`).
 *
 * Invariants (tests cite them):
 * jsonata/B1 a text that an expression makes has at most 4,000,000 characters, a list at most 1,000,000 members
 * jsonata/B2 what bounds is not reachable by a name: operators and functions are bounded in place, and nothing of it is a variable
 * jsonata/B3 there is no `$eval`
 * jsonata/B4 a transformation changes data only: no function, and what is shared by evaluations cannot be changed at all
 */
import type jsonata from 'jsonata'
import { addedFunctions, JSONATA_FUNCTIONS, MAX_LIST, MAX_TEXT } from './expression-functions.ts'
import { checkedExpression, type Node } from './parse-expression.ts'
import { base64Of, codePointsIn, pad, substring, textOfBase64 } from './text-functions.ts'

type Definition = { implementation: Implementation; [member: string]: unknown }
type Implementation = (...args: unknown[]) => unknown

/**
 * Evaluations that are under way at once: JSONata begins all members of an object, and all groups, before it ends one, so this is
 * as much width as depth. A recursion without end comes to it long before it comes to the end of memory.
 */
const MAX_OPEN = 60_000

/** A `$` and a space: no text that parses has such a variable (jsonata/B2). */
const CONCATENATE = ' concatenate'
const CHANGEABLE = ' changeable'
const NOW = ' now'

/**
 * An expression to evaluate, its functions bounded; `draw` gives 16 random bytes as hexadecimal text. `wallMilliseconds`: when
 * JSONata looks at the clock itself, between two of its steps; 0 where its thread is watched from outside.
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

/** `a & b` becomes a call of a bounded function. */
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

/** JSONata makes `$now` anew for each expression, to know the time of its evaluation. */
async function boundNow(expression: jsonata.Expression): Promise<void> {
  const frame = expression as unknown as { assign(name: string, value: unknown): void }
  const ofTime = (await boundedFunctions()).get(NOW) as Definition
  function now(this: { environment: { timestamp: Date } }, picture?: unknown, timezone?: unknown): unknown {
    return ofTime.implementation.call(this, this.environment.timestamp.getTime(), picture, timezone)
  }
  const { signature } = (await checkedExpression('$now').evaluate(undefined)) as Definition
  frame.assign('now', { _jsonata_function: true, implementation: now, signature })
}

/** What `| pattern | ... |` is going to write into is looked at before (jsonata/B4). */
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

/** JSONata's own definitions are values of its variables; each is used again with a bounded implementation. */
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

/** All evaluations have the same definitions (jsonata/B4); JSONata notes in each by which name and where it was called last. */
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

/** JSONata reads the parameters of a function from its text, and their number. */
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

/** What would be too large before it could be looked at. */
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
  // A character becomes nine at most.
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

/** What a time's picture says of widths (`[Y,4-8]`): JSONata pads to them before anybody can look. It reads over spaces. */
function refuseWide(picture: unknown): void {
  if (typeof picture !== 'string') return
  for (const [, marker = ''] of picture.matchAll(/\[([^\]]*)/g)) {
    const widths = marker.replace(/\s/g, '').split(',').slice(1).at(-1)?.match(/\d+/g) ?? []
    const wide = widths.find((width) => Number(width) > MAX_PICTURE)
    if (wide !== undefined)
      throw new Error(`a width of ${wide} characters; here it has at most ${MAX_PICTURE}`)
  }
}

/** Characters of a picture for numbers or times. */
const MAX_PICTURE = 1_000

function refuseLonger(text: unknown, most: number): void {
  if (lengthOf(text) > most) {
    throw new Error(`a text of ${lengthOf(text)} characters; here it has at most ${Math.floor(most)}`)
  }
}

/** JSONata's own make a list of all characters, or need `btoa` or Buffer, which a realm of nothing but the language has not. */
const REPLACED: Readonly<Record<string, Implementation>> = {
  length: (text) => (typeof text === 'string' ? codePointsIn(text) : undefined),
  substring: (text, start, length) =>
    typeof text === 'string' ? substring(text, Number(start), length as number | undefined) : undefined,
  pad: (text, width, char) =>
    typeof text === 'string' ? pad(text, Math.trunc(Number(width)), char as string | undefined) : undefined,
  base64encode: (text) => (typeof text === 'string' ? base64Of(text) : undefined),
  base64decode: (text) => (typeof text === 'string' ? textOfBase64(text) : undefined),
}
