import type { Integration, Integrations } from '../../../local/stepfunctions/integrations/integration.ts'
import { VirtualClock } from '../../../local/stepfunctions/run/clock.ts'
import type { HistoryEvent } from '../../../local/stepfunctions/run/history.ts'
import { StepFunctionsService } from '../../../local/stepfunctions/service.ts'
import type { ExecutionStore } from '../../../local/stepfunctions/store/execution-store.ts'
import { memoryStore } from '../../../local/stepfunctions/store/memory-store.ts'

type Options = {
  input?: unknown
  invoke?: Invoke
  random?: () => number
  integrations?: Integrations
}
type Invoke = (name: string, payload: unknown, clock: VirtualClock) => Promise<unknown>
export type Ended = {
  status: string
  output?: unknown
  error?: string
  cause?: string
  events: HistoryEvent[]
}

export const MACHINE_ARN = 'arn:aws:states:us-east-1:111111111111:stateMachine:test'
export const EXECUTION_ARN = 'arn:aws:states:us-east-1:111111111111:execution:test:run'
const ALL = { from: 0, limit: 100_000, reverse: false }

/** An engine under a virtual clock. `invoke` replaces the functions. */
export function makeEngine({
  clock = new VirtualClock(),
  store = memoryStore(),
  invoke = async () => ({}),
  random = () => 1,
  integrations = {},
}: Options & { clock?: VirtualClock; store?: ExecutionStore } = {}) {
  const lambda: Integration = async ({ arguments: { FunctionName, Payload } }) => ({
    Payload: await invoke(String(FunctionName), Payload, clock),
    StatusCode: 200,
  })
  const service = new StepFunctionsService({
    clock,
    store,
    random,
    integrations: { 'lambda:invoke': lambda, ...integrations },
  })
  const start = (definition: object, input: unknown = {}): void => {
    service.putStateMachine({
      stateMachineArn: MACHINE_ARN,
      name: 'test',
      definition: JSON.stringify({ QueryLanguage: 'JSONata', ...definition }),
      roleArn: 'arn:aws:iam::111111111111:role/test',
    })
    service.startExecution({ stateMachineArn: MACHINE_ARN, name: 'run', input: JSON.stringify(input) })
  }
  const ended = async (): Promise<Ended> => {
    const { status, output, error, cause } = await service.untilEnded(EXECUTION_ARN)
    return {
      status,
      ...(output === undefined ? {} : { output: JSON.parse(output) as unknown }),
      ...(error === undefined ? {} : { error }),
      ...(cause === undefined ? {} : { cause }),
      events: service.listEvents(EXECUTION_ARN, ALL),
    }
  }
  return { service, clock, store, start, ended, events: () => service.listEvents(EXECUTION_ARN, ALL) }
}

/** Runs a definition to its end under a virtual clock. */
export async function runDefinition(
  definition: object,
  options: Options = {},
): Promise<{ execution: Ended; elapsedSeconds: number }> {
  const { clock, start, ended } = makeEngine(options)
  const started = clock.now()
  start(definition, options.input)
  const execution = await ended()
  return { execution, elapsedSeconds: (clock.now() - started) / 1_000 }
}

export const invokeTask = (functionName: string, more: object = {}) => ({
  Type: 'Task',
  Resource: 'arn:aws:states:::lambda:invoke',
  Arguments: { FunctionName: functionName, Payload: '{% $states.input %}' },
  Output: '{% $states.result.Payload %}',
  ...more,
})
