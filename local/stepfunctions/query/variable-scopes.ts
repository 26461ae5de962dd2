import type { Flow, State } from '../definition/definition.ts'

const MAX_NAME = 80
const NAME = /^[\p{L}_][\p{L}\p{N}_]*$/u
const RESERVED = 'states'

/**
 * Checks the assignments of variables. A branch or an iteration has its own scope inside that of the state: it reads the outer
 * variables, cannot write them, and so may not reuse their names. A distributed Map starts with no variables.
 */
export function problemsOfVariables(
  flow: Flow,
  outer: ReadonlyMap<string, string> = new Map(),
  at = '',
): string[] {
  const problems: string[] = []
  const own = new Map<string, string>()
  for (const [name, state] of Object.entries(flow.States)) {
    for (const [place, variable] of assignments(state, `${at}/States/${name}`)) {
      own.set(variable, place)
      const outside = outer.get(variable)
      if (outside)
        problems.push(`the variable "${variable}" at ${place} is one of an outer scope: ${outside}`)
      if (!NAME.test(variable) || variable.length > MAX_NAME || variable === RESERVED) {
        problems.push(
          `the variable "${variable}" at ${place} must be a letter followed by letters and digits, at most ${MAX_NAME} characters, and not "${RESERVED}"`,
        )
      }
    }
  }
  const visible = new Map([...outer, ...own])
  for (const [name, state] of Object.entries(flow.States)) {
    for (const [place, inner, isIsolated] of innerFlows(state, `${at}/States/${name}`)) {
      problems.push(...problemsOfVariables(inner, isIsolated ? new Map() : visible, place))
    }
  }
  return problems
}

function assignments(state: State, at: string): [place: string, variable: string][] {
  const choices = state.Type === 'Choice' ? state.Choices : []
  const catchers = ('Catch' in state && state.Catch) || []
  const places: [string, { Assign?: Record<string, unknown> }][] = [
    [at, state],
    ...choices.map((one, index): [string, typeof one] => [`${at}/Choices[${index}]`, one]),
    ...catchers.map((one, index): [string, typeof one] => [`${at}/Catch[${index}]`, one]),
  ]
  return places.flatMap(([place, { Assign = {} }]) =>
    Object.keys(Assign).map((variable): [string, string] => [`${place}/Assign/${variable}`, variable]),
  )
}

function innerFlows(state: State, at: string): [place: string, flow: Flow, isIsolated: boolean][] {
  if (state.Type === 'Parallel') {
    return state.Branches.map((branch, index) => [`${at}/Branches[${index}]`, branch, false])
  }
  if (state.Type !== 'Map') return []
  return [
    [`${at}/ItemProcessor`, state.ItemProcessor, state.ItemProcessor.ProcessorConfig?.Mode === 'DISTRIBUTED'],
  ]
}
