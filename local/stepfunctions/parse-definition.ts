import type { Definition, Flow, State } from './definition.ts'

/** The service's answer to a definition it does not accept; `message` lists every reason with its place. */
export class InvalidDefinition extends Error {
  override readonly name = 'InvalidDefinition'
}

const TYPES = ['Task', 'Pass', 'Choice', 'Wait', 'Succeed', 'Fail', 'Parallel', 'Map']
const SERVICE = 'arn:aws:states:::'
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
export function parseDefinition(text: string, resources: readonly string[]): Definition {
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
  const problems = problemsOf(definition, '', { names: new Set(), resources })
  if (problems.length === 0) return definition
  throw new InvalidDefinition(
    `Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: ${problems.join(', ')}'`,
  )
}

/** Names are unique over the whole machine; resources are those that the engine has integrations for. */
type Seen = { names: Set<string>; resources: readonly string[] }

function problemsOf(flow: Flow, at: string, seen: Seen): string[] {
  const states = flow.States ?? {}
  const problems = Object.keys(states).length === 0 ? [`no states at ${at}/States`] : []
  if (!(flow.StartAt in states)) problems.push(`StartAt "${flow.StartAt}" is not a state at ${at}/StartAt`)
  for (const [name, state] of Object.entries(states)) {
    const place = `${at}/States/${name}`
    if (seen.names.has(name)) problems.push(`the name "${name}" is used twice at ${place}`)
    if (name.length > MAX_NAME) problems.push(`the name is longer than ${MAX_NAME} characters at ${place}`)
    seen.names.add(name)
    problems.push(...problemsOfState(state, states, place, seen))
  }
  return problems
}

function problemsOfState(state: State, states: Flow['States'], place: string, seen: Seen): string[] {
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
  if (state.Type === 'Task' && !isKnown(state.Resource, seen.resources)) {
    const known = seen.resources.map((name) => `${SERVICE}${name}`).join(', ')
    problems.push(`the resource ${state.Resource} is not supported at ${place}/Resource; supported: ${known}`)
  }
  if (state.Type === 'Map') {
    const { Mode = 'INLINE' } = state.ItemProcessor?.ProcessorConfig ?? {}
    if (Mode !== 'INLINE')
      problems.push(`the mode ${Mode} is not supported at ${place}/ItemProcessor/ProcessorConfig`)
    problems.push(...problemsOf(state.ItemProcessor, `${place}/ItemProcessor`, seen))
  }
  if (state.Type === 'Parallel') {
    for (const [index, branch] of state.Branches.entries()) {
      problems.push(...problemsOf(branch, `${place}/Branches[${index}]`, seen))
    }
  }
  return problems
}

/** Functions called by their own ARN come under `lambda`. */
function isKnown(resource: string, known: readonly string[]): boolean {
  if (known.includes('*')) return true
  const name = resource.startsWith(SERVICE) ? resource.slice(SERVICE.length) : resource.split(':')[2]
  return name !== undefined && known.includes(name)
}

function targetsOf(state: State): string[] {
  const targets = state.Next === undefined ? [] : [state.Next]
  if (state.Type === 'Choice')
    targets.push(...state.Choices.map(({ Next }) => Next), ...(state.Default ? [state.Default] : []))
  if ('Catch' in state) targets.push(...(state.Catch ?? []).map(({ Next }) => Next))
  return targets
}
