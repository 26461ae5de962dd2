import { InvalidDefinition, parseDefinition } from '../../local/stepfunctions/definition/parse.ts'
import type { IntegrationCall } from '../../local/stepfunctions/integrations/integration.ts'
import { VirtualClock } from '../../local/stepfunctions/run/clock.ts'
import { detailsOf, type HistoryEvent } from '../../local/stepfunctions/run/history.ts'
import { StateError } from '../../local/stepfunctions/run/state-error.ts'
import { StepFunctionsService } from '../../local/stepfunctions/service.ts'
import { memoryStore } from '../../local/stepfunctions/store/memory-store.ts'

type Outcome = { output?: unknown; error?: string; cause?: string; timedOut?: boolean }
type Callback = { action: string; output?: unknown; error?: string; cause?: string }
export type Case = {
  id: string
  area: string
  kind: string
  type?: string
  definition?: { QueryLanguage?: string; States?: object }
  definitionText?: string
  input?: unknown
  inputText?: string
  tasks?: { state: string; input: unknown; outcome: Outcome; submitted?: unknown; callback?: Callback }[]
  /** Recorded functions, by ARN. */
  functions?: Record<string, { behaviour: string; value?: unknown }>
  control?: { stopExecution?: { error?: string; cause?: string } }
  placeholders?: Record<string, string>
  expected: { events?: { type: string }[]; eventOrder?: string }
}
type Match = (actual: unknown, expected: unknown, options: object) => unknown[]

const ACCOUNT = '111111111111'
const REGION = 'us-east-1'
const NEVER_MILLISECONDS = 10 * 365 * 86_400_000
/** Every integration, the engine's own included: here the recording answers. */
const EVERYTHING = [
  '*',
  'states:startExecution',
  'states:startExecution.sync',
  'states:startExecution.sync:2',
]
const ALL = { from: 0, limit: 100_000, reverse: false }

/** Whether the engine refuses a definition at creation. */
export function judgeDefinition({ kind, definition, definitionText }: Case): Record<string, unknown> {
  let problem: string | undefined
  try {
    parseDefinition(definitionText ?? JSON.stringify(definition), ['*'])
  } catch (error) {
    if (!(error instanceof InvalidDefinition)) throw error
    problem = error.message
  }
  const accepted = problem === undefined
  if (kind === 'validate')
    return { accepted, result: accepted ? 'OK' : 'FAIL', diagnostics: [], truncated: false }
  return accepted ? { accepted } : { accepted, error: { code: 'InvalidDefinition', message: problem } }
}

/** Runs a recorded case on the engine under a virtual clock, its tasks answered from the recording. */
export async function runCase(recorded: Case, matchExpected: Match): Promise<Record<string, unknown>> {
  const clock = new VirtualClock()
  const unused = withKnownNames(recorded, matchExpected)

  async function answer({
    stateName,
    resource,
    arguments: given,
    signal,
    submitted,
  }: IntegrationCall): Promise<unknown> {
    const ofState = unused.filter(({ state }) => state === stateName)
    const fits = ofState.find(
      ({ input }) => matchExpected(given, input, { placeholders: recorded.placeholders }).length === 0,
    )
    const entry = fits ?? ofState[0]
    if (!entry) return answerOfFunction(recorded, resource, given)
    unused.splice(unused.indexOf(entry), 1)
    const { output, error, cause, timedOut } = entry.outcome
    if (resource.endsWith('.waitForTaskToken') && entry.submitted !== undefined) {
      void callBack(given, entry.callback)
      return entry.submitted
    }
    if (entry.submitted !== undefined) submitted(entry.submitted)
    if (timedOut) return clock.sleep(NEVER_MILLISECONDS, signal)
    if (error !== undefined) throw new StateError(error, cause)
    return output
  }

  /** Answers the task token once the call is recorded as submitted. */
  async function callBack(given: unknown, callback: Callback | undefined): Promise<void> {
    await clock.sleep(1)
    const token = findToken(given)
    if (!token || !callback || callback.action === 'none') return
    const { action, output, error, cause } = callback
    const failure = { ...(error === undefined ? {} : { error }), ...(cause === undefined ? {} : { cause }) }
    service.tokens.get(token).settle(action === 'SendTaskSuccess' ? { output } : failure)
  }

  const service = new StepFunctionsService({
    clock,
    store: memoryStore(),
    integrations: Object.fromEntries(EVERYTHING.map((resource) => [resource, answer])),
    random: () => 1,
  })
  const stateMachineArn = `arn:aws:states:${REGION}:${ACCOUNT}:stateMachine:machine`
  const roleArn = `arn:aws:iam::${ACCOUNT}:role/role`
  const definition = JSON.stringify(recorded.definition)
  service.putStateMachine({ stateMachineArn, name: 'machine', definition, roleArn })
  const input = recorded.inputText ?? JSON.stringify(recorded.input ?? {})
  const { executionArn } = service.startExecution({ stateMachineArn, name: 'execution', input })
  const stop = recorded.control?.stopExecution
  if (stop) {
    await new Promise((resolve) => setImmediate(resolve))
    service.stopExecution(executionArn, stop.error, stop.cause)
  }
  const { status, output, error, cause } = await service.untilEnded(executionArn)
  return {
    status,
    ...(output === undefined ? {} : { output: parse(output) }),
    ...(error === undefined ? {} : { error }),
    ...(cause === undefined ? {} : { cause }),
    events: service.listEvents(executionArn, ALL).map(normalized),
  }
}

/** The answer of a function inside a distributed Map, whose calls were not recorded, from the function's known behaviour. */
function answerOfFunction(
  { functions = {} }: Case,
  resource: string,
  given: Record<string, unknown>,
): unknown {
  const isService = resource.endsWith(':lambda:invoke')
  const name = isService ? String(given.FunctionName) : resource
  const { behaviour, value } = Object.entries(functions).find(([arn]) => arn.endsWith(name))?.[1] ?? {}
  const payload = isService ? given.Payload : given
  if (behaviour !== 'identity' && behaviour !== 'constant') {
    throw new StateError('States.Runtime', `the recording has no more answers for ${name}`)
  }
  const result = behaviour === 'identity' ? payload : value
  return isService ? { ExecutedVersion: '$LATEST', Payload: result, StatusCode: 200 } : result
}

/** The recorded answers, with placeholders replaced by the values that the input has at their places. */
function withKnownNames(recorded: Case, matchExpected: Match): NonNullable<Case['tasks']> {
  const { tasks = [], placeholders, input, expected } = recorded
  const bindings = new Map<string, unknown>()
  const started = expected.events?.[0] as { input?: unknown } | undefined
  if (started && 'input' in started) matchExpected(input, started.input, { placeholders, bindings })
  const known: [string, unknown][] = [['<partition>', 'aws'], ['<region>', REGION], ...bindings]
  const replaced = known.reduce(
    (text, [token, value]) =>
      typeof value === 'string' ? text.replaceAll(token, JSON.stringify(value).slice(1, -1)) : text,
    JSON.stringify(tasks),
  )
  return JSON.parse(replaced) as typeof tasks
}

const TOKEN = /^[\w-]{100,}$/

function findToken(value: unknown): string | undefined {
  if (typeof value === 'string') return TOKEN.test(value) ? value : undefined
  if (typeof value !== 'object' || value === null) return undefined
  return Object.values(value)
    .map(findToken)
    .find((found) => found !== undefined)
}

const JSON_TEXTS = ['input', 'output', 'parameters']

/** An event in the recordings' format: details beside the type, JSON texts parsed, without id, time and role. */
function normalized(event: HistoryEvent): object {
  const fields = Object.entries(detailsOf(event))
    .filter(([name]) => name !== 'roleArn')
    .map(([name, value]) => {
      if (name === 'assignedVariables') return [name, mapValues(value as Record<string, string>, parse)]
      return [name, JSON_TEXTS.includes(name) ? parse(String(value)) : value]
    })
  return { type: event.type, prev: event.previousEventId, ...Object.fromEntries(fields) }
}

const parse = (text: string): unknown => JSON.parse(text)

function mapValues(record: Record<string, string>, change: (text: string) => unknown): object {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]))
}
