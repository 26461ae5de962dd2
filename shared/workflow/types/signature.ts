import { describeType } from './describe-type.ts'
import { isEmpty, type Type } from './type.ts'

/** One parameter of a JSONata function: the kinds that it accepts, as the letters of JSONata's signatures. */
type Parameter = { kinds: string; items?: string; isOptional: boolean; isContext: boolean; isMany: boolean }

const parsed = new Map<string, readonly Parameter[]>()

/** The parameters of a signature such as `<s-nn?:s>` (https://docs.jsonata.org/embedding-extending#function-signature-syntax). */
export function parametersOf(signature: string): readonly Parameter[] {
  const known = parsed.get(signature)
  if (known) return known
  const parameters = [...partOfParameters(signature).matchAll(/(\((\w+)\)|\w)(?:<([\w:]+)>)?([-?+]?)/g)].map(
    ([, letter = '', choice, items, mark]): Parameter => ({
      kinds: choice ?? letter,
      ...(items && letter === 'a' ? { items } : {}),
      isOptional: mark === '?',
      isContext: mark === '-',
      isMany: mark === '+',
    }),
  )
  parsed.set(signature, parameters)
  return parameters
}

/** The part between `<` and the colon before the result, or the end. */
function partOfParameters(signature: string): string {
  let depth = 0
  const end = [...signature].findIndex((letter) => {
    if (letter === '<') depth += 1
    if (letter === '>') depth -= 1
    return (letter === ':' && depth === 1) || depth === 0
  })
  return signature.slice(1, end)
}

/** The arguments, preceded by the context if the first parameter defaults to it and is missing. */
export function withContext(signature: string, args: readonly Type[], context: Type): readonly Type[] {
  const [first, ...further] = parametersOf(signature)
  if (!first?.isContext) return args
  const fewest = 1 + further.filter(({ isOptional }) => !isOptional).length
  const [given] = args
  const isOther =
    further.length >= args.length &&
    given !== undefined &&
    !given.any &&
    !isEmpty(given) &&
    !takes(first, given)
  return args.length < fewest || isOther ? [context, ...args] : args
}

/** What is wrong with the arguments of a function, for all values of these types; undefined when some may be valid. */
export function misfitOfArguments(
  name: string,
  signature: string,
  args: readonly Type[],
): string | undefined {
  const parameters = parametersOf(signature)
  const last = parameters.at(-1)
  const parameterAt = (at: number): Parameter | undefined =>
    parameters[at] ?? (last?.isMany ? last : undefined)
  const most = parameters.length
  if (args.length > most && !last?.isMany)
    return `$${name} takes ${most} ${most === 1 ? 'argument' : 'arguments'}, and gets ${args.length}`
  for (const [at, type] of args.entries()) {
    const parameter = parameterAt(at)
    if (!parameter || type.any || isEmpty(type) || takes(parameter, type)) continue
    const which = args.length > 1 ? ` as argument ${at + 1}` : ''
    return `$${name} takes ${describeParameter(parameter)}${which}, and gets ${describeType(type)}`
  }
  return undefined
}

function takes({ kinds, items }: Parameter, type: Type): boolean {
  if (type.any || /[xj]/.test(kinds)) return true
  if (kinds === 'a') {
    if (!items) return true
    const isItem = (one: Type): boolean => Boolean(one.any) || isEmpty(one) || hasKind(one, items)
    const { array, ...others } = type
    return Boolean(array && isItem(array)) || (!isEmpty(others) && hasKind(others, items))
  }
  return hasKind(type, kinds)
}

const KINDS: Readonly<Record<string, keyof Type>> = {
  s: 'string',
  n: 'number',
  b: 'boolean',
  l: 'null',
  a: 'array',
  o: 'object',
  f: 'function',
}

const hasKind = (type: Type, letters: string): boolean =>
  [...letters].some((letter) => type[KINDS[letter] ?? 'any'] !== undefined)

const WORDS: Readonly<Record<string, string>> = {
  s: 'text',
  n: 'a number',
  b: 'true or false',
  l: 'null',
  a: 'a list',
  o: 'an object',
  f: 'a function',
}
const PLURALS: Readonly<Record<string, string>> = { s: 'texts', n: 'numbers', o: 'objects' }

function describeParameter({ kinds, items }: Parameter): string {
  if (items) return `a list of ${PLURALS[items] ?? 'values'}`
  return [...kinds].map((letter) => WORDS[letter] ?? 'any value').join(' or ')
}
