import { VirtualClock } from '../../local/stepfunctions/clock.ts'
import type { Execution } from '../../local/stepfunctions/execution.ts'
import type { HistoryEvent } from '../../local/stepfunctions/history.ts'
import type { IntegrationCall } from '../../local/stepfunctions/integrations.ts'
import { StepFunctionsService } from '../../local/stepfunctions/service.ts'
import { StateError } from '../../local/stepfunctions/state-error.ts'

type Outcome = { output?: unknown; error?: string; cause?: string; timedOut?: boolean }
export type Case = {
  id: string
  area: string
  kind: string
  type?: string
  definition?: { QueryLanguage?: string; States?: object }
  input?: unknown
  tasks?: { state: string; input: unknown; outcome: Outcome }[]
  placeholders?: Record<string, string>
}
type Match = (actual: unknown, expected: unknown, options: object) => unknown[]

const ACCOUNT = '111111111111'
const REGION = 'us-east-1'

/** Runs a recorded case on the engine under a virtual clock, its tasks answered from the recording. */
export async function runCase(recorded: Case, matchExpected: Match): Promise<Record<string, unknown>> {
  const clock = new VirtualClock()
  const unused = [...(recorded.tasks ?? [])]

  async function answer({ stateName, arguments: given, signal }: IntegrationCall): Promise<unknown> {
    const ofState = unused.filter(({ state }) => state === stateName)
    const fits = ofState.find(
      ({ input }) => matchExpected(given, input, { placeholders: recorded.placeholders }).length === 0,
    )
    const entry = fits ?? ofState[0]
    if (!entry) throw new StateError('States.Runtime', `the recording has no more answers for ${stateName}`)
    unused.splice(unused.indexOf(entry), 1)
    const { output, error, cause, timedOut } = entry.outcome
    if (timedOut) return clock.sleep(10 * 365 * 86_400_000, signal)
    if (error !== undefined) throw new StateError(error, cause)
    return output
  }

  const service = new StepFunctionsService({ clock, integrations: { '*': answer }, random: () => 1 })
  const stateMachineArn = `arn:aws:states:${REGION}:${ACCOUNT}:stateMachine:machine`
  const roleArn = `arn:aws:iam::${ACCOUNT}:role/role`
  service.putStateMachine({
    stateMachineArn,
    name: 'machine',
    definition: JSON.stringify(recorded.definition),
    roleArn,
  })
  const input = JSON.stringify(recorded.input ?? {})
  const execution = service.startExecution({ stateMachineArn, name: 'execution', input })
  await execution.ended.promise
  return resultOf(execution)
}

function resultOf({ status, output, error, cause, history }: Execution): Record<string, unknown> {
  return {
    status,
    ...(status === 'SUCCEEDED' ? { output } : {}),
    ...(error === undefined ? {} : { error }),
    ...(cause === undefined ? {} : { cause }),
    events: history.events.map(normalized),
  }
}

const JSON_TEXTS = ['input', 'output', 'parameters']

/** As the recordings have events: details beside the type, JSON texts parsed, without id, time and role. */
function normalized({ id: _id, timestamp: _time, previousEventId, type, ...rest }: HistoryEvent): object {
  const [details = {}] = Object.values(rest) as Record<string, unknown>[]
  const fields = Object.entries(details)
    .filter(([name]) => name !== 'roleArn')
    .map(([name, value]) => {
      if (name === 'assignedVariables') return [name, mapValues(value as Record<string, string>, parse)]
      return [name, JSON_TEXTS.includes(name) ? parse(String(value)) : value]
    })
  return { type, prev: previousEventId, ...Object.fromEntries(fields) }
}

const parse = (text: string): unknown => JSON.parse(text)

function mapValues(record: Record<string, string>, change: (text: string) => unknown): object {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]))
}
