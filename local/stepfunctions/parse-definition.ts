import type { Definition, Flow, State } from './definition.ts'

/** The service's answer to a definition it does not accept; `message` lists every reason with its place. */
export class InvalidDefinition extends Error {
  override readonly name = 'InvalidDefinition'
}

const TYPES = ['Task', 'Pass', 'Choice', 'Wait', 'Succeed', 'Fail', 'Parallel']
const RESOURCES = ['arn:aws:states:::lambda:invoke']
const JSONPATH_FIELDS = [
  'InputPath',
  'OutputPath',
  'ResultPath',
  'ResultSelector',
  'Parameters',
  'Result',
  'SecondsPath',
  'ItemsPath',
]
const MAX_NAME = 80

/** Parses a definition and checks its structure. Throws InvalidDefinition. */
export function parseDefinition(text: string): Definition {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new InvalidDefinition(
      `Invalid State Machine Definition: 'INVALID_JSON_DESCRIPTION: ${(error as Error).message}'`,
    )
  }
  const definition = value as Definition
  if (definition.QueryLanguage !== 'JSONata') {
    throw new InvalidDefinition(
      'this engine runs definitions with "QueryLanguage": "JSONata"; JSONPath (AWS\'s default) is not supported',
    )
  }
  const problems = problemsOf(definition, '', new Set())
  if (problems.length === 0) return definition
  throw new InvalidDefinition(
    `Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: ${problems.join(', ')}'`,
  )
}

function problemsOf(flow: Flow, at: string, names: Set<string>): string[] {
  const states = flow.States ?? {}
  const problems = Object.keys(states).length === 0 ? [`no states at ${at}/States`] : []
  if (!(flow.StartAt in states)) problems.push(`StartAt "${flow.StartAt}" is not a state at ${at}/StartAt`)
  for (const [name, state] of Object.entries(states)) {
    const place = `${at}/States/${name}`
    if (names.has(name)) problems.push(`the name "${name}" is used twice at ${place}`)
    if (name.length > MAX_NAME) problems.push(`the name is longer than ${MAX_NAME} characters at ${place}`)
    names.add(name)
    problems.push(...problemsOfState(state, states, place, names))
  }
  return problems
}

function problemsOfState(state: State, states: Flow['States'], place: string, names: Set<string>): string[] {
  if (!TYPES.includes(state.Type))
    return [
      `the type ${String(state.Type)} is not supported at ${place}/Type; supported: ${TYPES.join(', ')}`,
    ]
  const problems = JSONPATH_FIELDS.filter((field) => field in state).map(
    (field) => `the field ${field} belongs to JSONPath at ${place}/${field}`,
  )
  for (const target of targetsOf(state)) {
    if (!(target in states)) problems.push(`"${target}" is not a state here, at ${place}`)
  }
  const ends = state.Type === 'Choice' || state.Type === 'Succeed' || state.Type === 'Fail'
  if (!ends && (state.Next === undefined) === (state.End !== true))
    problems.push(`one of Next and End is needed at ${place}`)
  if (state.Type === 'Task' && !RESOURCES.includes(state.Resource)) {
    problems.push(
      `the resource ${state.Resource} is not supported at ${place}/Resource; supported: ${RESOURCES.join(', ')}`,
    )
  }
  if (state.Type === 'Parallel') {
    for (const [index, branch] of state.Branches.entries()) {
      problems.push(...problemsOf(branch, `${place}/Branches[${index}]`, names))
    }
  }
  return problems
}

function targetsOf(state: State): string[] {
  const targets = state.Next === undefined ? [] : [state.Next]
  if (state.Type === 'Choice')
    targets.push(...state.Choices.map(({ Next }) => Next), ...(state.Default ? [state.Default] : []))
  if ('Catch' in state) targets.push(...(state.Catch ?? []).map(({ Next }) => Next))
  return targets
}
