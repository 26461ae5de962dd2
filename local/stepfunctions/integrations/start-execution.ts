import { createHash } from 'node:crypto'
import { StateError } from '../run/state-error.ts'
import { type ExecutionRow, WAITED_FOR } from '../store/execution-store.ts'
import { type Authorize, callService } from './authorize.ts'
import type { Integration, IntegrationCall, Integrations } from './integration.ts'

/** The Step Functions service: starts, awaits and stops executions. */
type Executions = {
  startExecution(request: {
    stateMachineArn: string
    name: string
    input: string
    startedBy: string
  }): ExecutionRow
  untilEnded(executionArn: string): Promise<ExecutionRow>
  stopExecution(executionArn: string): ExecutionRow
}

/**
 * `states:startExecution`, and `.sync` and `.sync:2`, which wait for its end: the former gives input and output as texts,
 * the latter as values. When a parent is stopped, the child it waits for is stopped too.
 */
export function startExecutionIntegrations(service: Executions, authorize: Authorize): Integrations {
  const start = (call: IntegrationCall, startedBy = call.id): Promise<ExecutionRow> => {
    const { StateMachineArn, Name, Input = {} } = call.arguments
    const stateMachineArn = String(StateMachineArn)
    return callService('StepFunctions', () => {
      authorize(call.roleArn, 'states:StartExecution', stateMachineArn)
      return service.startExecution({
        stateMachineArn,
        name: Name === undefined ? nameOf(call.id) : String(Name),
        input: typeof Input === 'string' ? Input : JSON.stringify(Input),
        startedBy,
      })
    })
  }

  const startAndForget: Integration = async (call) => answerTo(await start(call))

  const startAndWait =
    (parse: boolean): Integration =>
    async (call) => {
      const started = await start(call, `${call.id}${WAITED_FOR}`)
      call.submitted(answerTo(started))
      const stop = (): void => void service.stopExecution(started.executionArn)
      if (call.signal.aborted) stop()
      call.signal.addEventListener('abort', stop, { once: true })
      const ended = await service
        .untilEnded(started.executionArn)
        .finally(() => call.signal.removeEventListener('abort', stop))
      if (ended.status === 'SUCCEEDED') return describe(ended, parse)
      throw new StateError('States.TaskFailed', JSON.stringify(describe(ended, false)))
    }

  return {
    'states:startExecution': startAndForget,
    'states:startExecution.sync': startAndWait(false),
    'states:startExecution.sync:2': startAndWait(true),
  }
}

/** Deterministic: a call repeated after a restart finds the execution that it started. */
const nameOf = (callId: string): string => createHash('sha256').update(callId).digest('hex').slice(0, 36)

const answerTo = ({ executionArn, startedAt }: ExecutionRow): object => ({
  ExecutionArn: executionArn,
  StartDate: startedAt,
})

/** Fields in alphabetical order, as AWS prints them in causes. */
function describe(row: ExecutionRow, parse: boolean): object {
  const text = (json: string): unknown => (parse ? (JSON.parse(json) as unknown) : json)
  return {
    ...(row.cause === undefined ? {} : { Cause: row.cause }),
    ...(row.error === undefined ? {} : { Error: row.error }),
    ExecutionArn: row.executionArn,
    Input: text(row.input),
    InputDetails: { Included: true },
    Name: row.name,
    ...(row.output === undefined ? {} : { Output: text(row.output), OutputDetails: { Included: true } }),
    StartDate: row.startedAt,
    StateMachineArn: row.stateMachineArn,
    Status: row.status,
    StopDate: row.stoppedAt,
  }
}
