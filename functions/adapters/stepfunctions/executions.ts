import {
  DescribeExecutionCommand,
  SendTaskHeartbeatCommand,
  SendTaskSuccessCommand,
  type SFNClient,
  StartExecutionCommand,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn'
import { executionArnOf } from '../../../shared/domain/execution-arn.ts'
import type { ExecutionState, Executions } from '../../../shared/ports/index.ts'
import { unlessAws } from '../aws-errors.ts'

/** Step Functions' errors for a task token whose task is over. */
const OVER = ['TaskTimedOut', 'TaskDoesNotExist', 'InvalidToken']

type Settings = {
  client: SFNClient
  /** The caller's trace, which the execution continues. */
  traceHeader?: () => string | undefined
}

export function stepfunctionsExecutions({ client, traceHeader }: Settings): Executions {
  return {
    async start({ stateMachineArn, name, input }) {
      const trace = traceHeader?.()
      const start = new StartExecutionCommand({
        stateMachineArn,
        name,
        input: JSON.stringify(input),
        ...(trace ? { traceHeader: trace } : {}),
      })
      // Idempotent: the name is derived from the task, so an existing execution of that name is the wanted one.
      await unlessAws(['ExecutionAlreadyExists'], () => client.send(start))
      return executionArnOf({ stateMachineArn, name })
    },

    async find(reference): Promise<ExecutionState | undefined> {
      const describe = new DescribeExecutionCommand({ executionArn: executionArnOf(reference) })
      const execution = await unlessAws(['ExecutionDoesNotExist'], () => client.send(describe))
      if (!execution) return undefined
      const { status, error, cause } = execution
      return { status: status === 'PENDING_REDRIVE' || !status ? 'RUNNING' : status, error, cause }
    },

    async wake(token) {
      const send = new SendTaskSuccessCommand({ taskToken: token, output: '{}' })
      await unlessAws(OVER, () => client.send(send))
    },

    async beat(token) {
      await unlessAws(OVER, () => client.send(new SendTaskHeartbeatCommand({ taskToken: token })))
    },

    async stop(reference, reason) {
      const stop = new StopExecutionCommand({
        executionArn: executionArnOf(reference),
        error: 'TaskCancelledError',
        cause: reason,
      })
      await unlessAws(['ExecutionDoesNotExist'], () => client.send(stop))
    },
  }
}
