import { isJsonObject } from '../domain/json.ts'
import { FUNCTIONS } from './expression-functions.ts'
import { parseExpression } from './parse-expression.ts'

/** What an expression mentions: free variables, and the members of `$steps`, `$status` and `$errors` by name. */
export type References = {
  variables: Set<string>
  /** Names that are called but are not known functions. */
  functions: Set<string>
  steps: Set<string>
  /** Whether `$steps`, `$status` or `$errors` is used as a whole, so that the steps it reads are known only at run time. */
  dynamicSteps: boolean
  /** The keys of `$state` by name. */
  state: Set<string>
  /** Whether `$state` is used as a whole. */
  dynamicState: boolean
}

type Node = Record<string, unknown>

const STEP_MAPS = ['steps', 'status', 'errors']
const STATE = 'state'

/** `$error(...)` is a function of JSONata; `$error` is the failure that a handler handles. */
const ERROR = 'error'

/** Throws JSONata's syntax error when the text does not parse. */
export function referencesIn(text: string): References {
  const tree = parseExpression(text)
  const found: References = {
    variables: new Set(),
    functions: new Set(),
    steps: new Set(),
    dynamicSteps: false,
    state: new Set(),
    dynamicState: false,
  }
  visit(tree, namesBoundIn(tree), found)
  return found
}

/** Variables that the expression binds itself: `$x := ...`, parameters, and `@$x` and `#$x` of paths. */
function namesBoundIn(value: unknown, names = new Set<string>()): Set<string> {
  if (Array.isArray(value)) for (const member of value) namesBoundIn(member, names)
  if (!isJsonObject(value)) return names
  if (value.type === 'bind') names.add(String((value.lhs as Node).value))
  if (value.type === 'lambda')
    for (const parameter of value.arguments as Node[]) names.add(String(parameter.value))
  if (typeof value.focus === 'string') names.add(value.focus)
  if (value.type === 'index') names.add(String(value.value))
  if (typeof value.index === 'string') names.add(value.index)
  for (const member of Object.values(value)) namesBoundIn(member, names)
  return names
}

function visit(value: unknown, own: ReadonlySet<string>, found: References): void {
  if (Array.isArray(value)) for (const member of value) visit(member, own, found)
  if (!isJsonObject(value)) return
  if (value.type === 'path') return visitPath(value, own, found)
  if (value.type === 'variable') note(String(value.value), own, found)
  if (value.type === 'bind') return visit(value.rhs, own, found)
  const called = nameCalled(value)
  if (called !== undefined && !own.has(called)) {
    if (!FUNCTIONS.has(called)) found.functions.add(called)
    const { procedure: _procedure, ...rest } = value
    return visit(Object.values(rest), own, found)
  }
  for (const member of Object.values(value)) visit(member, own, found)
}

/** The name of the function called in `$f(x)` or partially applied in `$f(?, x)`; undefined when an expression yields the function. */
function nameCalled({ type, procedure }: Node): string | undefined {
  if (type !== 'function' && type !== 'partial') return undefined
  return isJsonObject(procedure) && procedure.type === 'variable' ? String(procedure.value) : undefined
}

function note(name: string, own: ReadonlySet<string>, found: References): void {
  if (name === '' || name === '$' || own.has(name) || (FUNCTIONS.has(name) && name !== ERROR)) return
  found.variables.add(name)
  if (STEP_MAPS.includes(name)) found.dynamicSteps = true
  if (name === STATE) found.dynamicState = true
}

/** `$steps.x` names its step, `$state.x` its key; other parts of the path (predicates, groups, further steps) are visited too. */
function visitPath(path: Node, own: ReadonlySet<string>, found: References): void {
  const { steps, type: _path, ...rest } = path
  const [first, second, ...further] = steps as Node[]
  const name = first?.type === 'variable' ? String(first.value) : ''
  const named = second?.type === 'name' || second?.type === 'string'
  const isMap = STEP_MAPS.includes(name) || name === STATE
  if (!first || !second || !named || !isMap || own.has(name)) {
    return visit([...(steps as Node[]), rest], own, found)
  }
  found.variables.add(name)
  const members = name === STATE ? found.state : found.steps
  members.add(String(second.value))
  const { type: _variable, value: _name, ...onFirst } = first
  const { type: _kind, value: _member, ...onSecond } = second
  visit([onFirst, onSecond, ...further, rest], own, found)
}
