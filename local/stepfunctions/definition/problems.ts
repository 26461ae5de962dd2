import type { Catcher, Flow, MapState, Retrier, State, TaskState } from './definition.ts'

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
  'TimestampPath',
  'ItemsPath',
  'MaxConcurrencyPath',
  'TimeoutSecondsPath',
  'HeartbeatSecondsPath',
  'ErrorPath',
  'CausePath',
]
/** Fields of a distributed Map for reading and writing files. */
const UNSUPPORTED_MAP_FIELDS = ['ItemReader', 'ItemBatcher', 'ResultWriter']
const MAX_NAME = 80

/** State names, which are unique in the whole machine, and the supported integrations. */
export type Seen = { names: Set<string>; resources: readonly string[] }

/** Why a flow and its nested flows cannot be run; `at` is its place in the definition. */
export function problemsOfFlow(flow: Flow | undefined, at: string, seen: Seen): string[] {
  const missing = (['StartAt', 'States'] as const).filter((field) => flow?.[field] === undefined)
  if (!flow || missing.length > 0)
    return [`These fields are required: [${missing.join(', ')}] at ${at || '/'}`]
  const { StartAt, States: states } = flow
  const problems = Object.keys(states).length === 0 ? [`there are no states at ${at}/States`] : []
  if (!Object.hasOwn(states, StartAt)) problems.push(`StartAt "${StartAt}" is not a state at ${at}/StartAt`)
  for (const [name, state] of Object.entries(states)) {
    const place = `${at}/States/${name}`
    if (seen.names.has(name)) problems.push(`the name "${name}" is used twice at ${place}`)
    if (name.length > MAX_NAME) problems.push(`the name is longer than ${MAX_NAME} characters at ${place}`)
    seen.names.add(name)
    problems.push(...problemsOfState(state, states, place, seen))
  }
  if (problems.length > 0) return problems
  const reached = reachable(flow)
  const lost = Object.keys(states).filter((name) => !reached.has(name))
  return lost.map((name) => `the state "${name}" is not reachable at ${at}/States/${name}`)
}

function reachable({ StartAt, States }: Flow): Set<string> {
  const found = new Set<string>()
  const open = [StartAt]
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (found.has(name)) continue
    found.add(name)
    open.push(...targetsOf(States[name] as State))
  }
  return found
}

function problemsOfState(state: State, states: Flow['States'], place: string, seen: Seen): string[] {
  if (!TYPES.includes(state.Type)) {
    return [
      `the type ${String(state.Type)} is not supported at ${place}/Type; supported: ${TYPES.join(', ')}`,
    ]
  }
  const problems = JSONPATH_FIELDS.filter((field) => field in state).map(
    (field) => `the field ${field} belongs to JSONPath at ${place}/${field}`,
  )
  const { QueryLanguage } = state as { QueryLanguage?: string }
  if (QueryLanguage !== undefined && QueryLanguage !== 'JSONata') {
    problems.push(
      `'QueryLanguage' can not be '${QueryLanguage}' if set to 'JSONata' for whole state machine at ${place}`,
    )
  }
  for (const target of targetsOf(state)) {
    if (!Object.hasOwn(states, target)) problems.push(`"${target}" is not a state here, at ${place}`)
  }
  const ends = state.Type === 'Choice' || state.Type === 'Succeed' || state.Type === 'Fail'
  if (!ends && (state.Next === undefined) === (state.End !== true)) {
    problems.push(`one of Next and End is needed at ${place}`)
  }
  return [...problems, ...problemsOfType(state, place, seen), ...problemsOfErrors(state, place)]
}

function problemsOfType(state: State, place: string, seen: Seen): string[] {
  switch (state.Type) {
    case 'Task':
      return problemsOfTask(state, place, seen)
    case 'Map':
      return problemsOfMap(state, place, seen)
    case 'Parallel':
      if (!state.Branches?.length) return [`Branches are required at ${place}`]
      return state.Branches.flatMap((branch, index) =>
        problemsOfFlow(branch, `${place}/Branches[${index}]`, seen),
      )
    case 'Wait':
      if ((state.Seconds === undefined) !== (state.Timestamp === undefined)) return []
      return [`one of Seconds and Timestamp is needed at ${place}`]
    case 'Choice':
      if (!state.Choices?.length) return [`Choices are required at ${place}`]
      return state.Choices.flatMap((choice, index) => {
        const missing = ['Condition', 'Next'].filter((field) => !(field in choice))
        return missing.map((field) => `the field ${field} is required at ${place}/Choices[${index}]`)
      })
    default:
      return []
  }
}

function problemsOfTask({ Resource, Credentials }: TaskState, place: string, { resources }: Seen): string[] {
  const problems: string[] = []
  if (!isKnown(String(Resource), resources)) {
    const known = resources.map((name) => `${SERVICE}${name}`).join(', ')
    problems.push(`the resource ${Resource} is not supported at ${place}/Resource; supported: ${known}`)
  }
  if (Credentials !== undefined && Credentials.RoleArn === undefined) {
    problems.push(`The field 'RoleArn' is required but was missing at ${place}/Credentials`)
  }
  return problems
}

/** Functions called by their own ARN count as `lambda`; any resource may wait for a token. */
function isKnown(resource: string, known: readonly string[]): boolean {
  if (known.includes('*')) return true
  if (!resource.startsWith(SERVICE)) return known.includes(resource.split(':')[2] ?? '')
  const name = resource.slice(SERVICE.length).replace(/\.waitForTaskToken$/, '')
  return known.includes(name) || known.includes(name.replace(/:[^:]+$/, ':*'))
}

function problemsOfMap(state: MapState, place: string, seen: Seen): string[] {
  const { Mode = 'INLINE', ExecutionType } = state.ItemProcessor?.ProcessorConfig ?? {}
  const problems = UNSUPPORTED_MAP_FIELDS.filter((field) => field in state).map(
    (field) => `the field ${field} is not supported by this engine at ${place}/${field}`,
  )
  if (Mode !== 'INLINE' && Mode !== 'DISTRIBUTED') {
    problems.push(
      `the mode ${Mode} is neither INLINE nor DISTRIBUTED at ${place}/ItemProcessor/ProcessorConfig`,
    )
  }
  if (Mode === 'DISTRIBUTED' && ExecutionType !== 'STANDARD') {
    problems.push(`ExecutionType must be STANDARD in this engine at ${place}/ItemProcessor/ProcessorConfig`)
  }
  return [...problems, ...problemsOfFlow(state.ItemProcessor, `${place}/ItemProcessor`, seen)]
}

/** `States.ALL` must stand alone and last: a retrier or catcher after it would never apply. */
function problemsOfErrors(state: State, place: string): string[] {
  const { Retry = [], Catch = [] } = state as { Retry?: Retrier[]; Catch?: Catcher[] }
  const check = (field: string, list: readonly { ErrorEquals?: string[] }[]): string[] =>
    list.flatMap(({ ErrorEquals = [] }, index) => {
      const at = `${place}/${field}[${index}]/ErrorEquals`
      if (ErrorEquals.length === 0) return [`ErrorEquals must name at least one error at ${at}`]
      if (!ErrorEquals.includes('States.ALL')) return []
      if (ErrorEquals.length > 1) return [`States.ALL must appear alone at ${at}`]
      return index === list.length - 1 ? [] : [`States.ALL must be in the last entry at ${at}`]
    })
  return [...check('Retry', Retry), ...check('Catch', Catch)]
}

function targetsOf(state: State): string[] {
  const targets = state.Next === undefined ? [] : [state.Next]
  if (state.Type === 'Choice') {
    targets.push(...(state.Choices ?? []).map(({ Next }) => Next), ...(state.Default ? [state.Default] : []))
  }
  if ('Catch' in state) targets.push(...(state.Catch ?? []).map(({ Next }) => Next))
  return targets
}
