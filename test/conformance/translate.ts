import { ruleToCondition } from './translate-choice.ts'
import {
  asQuery,
  NotTranslatable,
  pathToExpression,
  templateToSource,
  translateTemplate,
} from './translate-paths.ts'

type Fields = Record<string, unknown>

/** Fields with the same meaning in both languages. */
const SAME = ['Type', 'Comment', 'Next', 'End', 'Resource', 'Default', 'Retry', 'Credentials', 'Label']
const NUMBERS = [
  'TimeoutSeconds',
  'HeartbeatSeconds',
  'Seconds',
  'Timestamp',
  'MaxConcurrency',
  'ToleratedFailureCount',
  'ToleratedFailurePercentage',
  'Error',
  'Cause',
]
const INPUT = '$states.input'

/** Translates a JSONPath definition to an equivalent in JSONata. Throws NotTranslatable. */
export function translate(definition: Fields): Fields {
  return { ...translateFlow(definition), QueryLanguage: 'JSONata' }
}

function translateFlow({ StartAt, States, ...rest }: Fields): Fields {
  const states = Object.entries(States as Record<string, Fields>)
  const kept = pick(rest, ['Comment', 'TimeoutSeconds', 'ProcessorConfig'])
  return {
    ...kept,
    StartAt,
    States: Object.fromEntries(states.map(([name, state]) => [name, translateState(state)])),
  }
}

function translateState(state: Fields): Fields {
  const { InputPath = '$' } = state
  if (state.QueryLanguage === 'JSONata') throw new NotTranslatable('two languages')
  const effective = InputPath === null ? '{}' : pathToExpression(String(InputPath), INPUT)
  const translated: Fields = {
    ...pick(state, SAME),
    ...numbersOf(state, effective),
    ...innerOf(state, effective),
  }
  if (state.Assign) translated.Assign = assignOf(state.Assign as Fields)
  if (state.Catch) translated.Catch = (state.Catch as Fields[]).map(translateCatcher)
  if (state.Type !== 'Fail') Object.assign(translated, outputOf(state, effective))
  if (state.Type === 'Choice') {
    translated.Choices = (state.Choices as Fields[]).map((rule) => ({
      Condition: asQuery(ruleToCondition(rule, effective)),
      Next: rule.Next,
      ...(rule.Assign ? { Assign: assignOf(rule.Assign as Fields) } : {}),
    }))
  }
  return translated
}

function numbersOf(state: Fields, root: string): Fields {
  const fields = NUMBERS.flatMap((name): [string, unknown][] => {
    const path = state[`${name}Path`]
    if (path !== undefined) return [[name, asQuery(pathToExpression(String(path), root))]]
    return state[name] === undefined ? [] : [[name, state[name]]]
  })
  return Object.fromEntries(fields)
}

/** The arguments of a Task, and the flows inside a Parallel or a Map. */
function innerOf(state: Fields, effective: string): Fields {
  const parameters =
    state.Parameters === undefined ? asQuery(effective) : translateTemplate(state.Parameters, effective)
  if (state.Type === 'Task') return { Arguments: parameters }
  if (state.Type === 'Parallel') {
    return { Arguments: parameters, Branches: (state.Branches as Fields[]).map(translateFlow) }
  }
  if (state.Type !== 'Map') return {}
  for (const field of ['ItemReader', 'ItemBatcher', 'ResultWriter', 'MaxItemsPath']) {
    if (state[field] !== undefined) throw new NotTranslatable(`the field ${field}`)
  }
  const selector = state.ItemSelector ?? state.Parameters
  return {
    Items: asQuery(pathToExpression(String(state.ItemsPath ?? '$'), effective)),
    ItemProcessor: translateFlow((state.ItemProcessor ?? state.Iterator) as Fields),
    ...(selector === undefined ? {} : { ItemSelector: translateTemplate(selector, effective) }),
  }
}

/** The state's output: the result inserted at ResultPath, then filtered by OutputPath. */
function outputOf(state: Fields, effective: string): Fields {
  const { OutputPath = '$', ResultPath = '$' } = state
  const result = resultOf(state, effective)
  if (OutputPath === null) return { Output: {} }
  const placed = hasResult(state) ? place(result, ResultPath as string | null) : asQuery(effective)
  if (OutputPath === '$') return !hasResult(state) && placed === asQuery(INPUT) ? {} : { Output: placed }
  const isContext = String(OutputPath).startsWith('$$')
  const source = isContext ? '' : `(${templateToSource(placed)})`
  return { Output: asQuery(pathToExpression(String(OutputPath), source)) }
}

const hasResult = ({ Type }: Fields): boolean => ['Pass', 'Task', 'Parallel', 'Map'].includes(String(Type))

function resultOf(state: Fields, effective: string): unknown {
  if (state.ResultSelector) return translateTemplate(state.ResultSelector, '$states.result')
  if (state.Type !== 'Pass') return asQuery('$states.result')
  // A Pass state's Result is no template: texts that look like paths stay texts.
  if (state.Result !== undefined) return state.Result
  if (state.Parameters !== undefined) return translateTemplate(state.Parameters, effective)
  return asQuery(effective)
}

function place(result: unknown, path: string | null): unknown {
  if (path === null) return asQuery(INPUT)
  if (path === '$') return result
  const names = /^\$((\.[A-Za-z_]\w*)+)$/.exec(path)?.[1]?.slice(1).split('.')
  if (!names) throw new NotTranslatable(`the ResultPath ${path}`)
  return asQuery(merged(names, templateToSource(result), INPUT))
}

function merged([name = '', ...rest]: string[], value: string, into: string): string {
  const inner = `${into}.\`${name}\``
  const placed =
    rest.length === 0 ? value : merged(rest, value, `($type(${inner}) = "object" ? ${inner} : {})`)
  return `$merge([${into}, {"${name}": ${placed}}])`
}

function translateCatcher({ ErrorEquals, Next, Assign, ResultPath = '$' }: Fields): Fields {
  const Output = place(asQuery('$states.errorOutput'), ResultPath as string | null)
  const assigned = Assign ? { Assign: assignOf(Assign as Fields, '$states.errorOutput') } : {}
  return { ErrorEquals, Next, Output, ...assigned }
}

/** In `Assign`, the meaning of `$` depends on the state, so only assignments without it are translated. */
function assignOf(assign: Fields, root = ''): unknown {
  const needsRoot = JSON.stringify(assign).match(/"\$(\.[^"]*)?"/)
  if (needsRoot && root === '') throw new NotTranslatable('Assign from the state itself')
  return translateTemplate(assign, root)
}

function pick(from: Fields, names: readonly string[]): Fields {
  return Object.fromEntries(
    names.filter((name) => from[name] !== undefined).map((name) => [name, from[name]]),
  )
}
