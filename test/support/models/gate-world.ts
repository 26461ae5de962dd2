import { dynamodbGates } from '../../../functions/adapters/dynamodb/steps/gates.ts'
import type { Integrations } from '../../../local/stepfunctions/integrations/integration.ts'
import { StateError } from '../../../local/stepfunctions/run/state-error.ts'
import { signalGates } from '../../../shared/app/steps/signal-gates.ts'
import type { Gate } from '../../../shared/domain/plan.ts'
import type { Ports } from '../../../shared/ports/index.ts'
import { clientOf, type ImmediateTable, type UpdateParameters } from '../stores/immediate-table.ts'
import { portsWith } from '../stores/ports-with.ts'

/** The gate state's write, as the engine would send it. */
export function gateIntegration(table: ImmediateTable): Integrations {
  return {
    'aws-sdk:dynamodb:updateItem': async ({ arguments: parameters }) => {
      try {
        table.update(parameters as UpdateParameters)
        return {}
      } catch (error) {
        throw new StateError('DynamoDb.ConditionalCheckFailedException', String(error))
      }
    },
  }
}

/** The host's part of the protocol: the production use case and adapter, on this table. */
export function gateSignals(table: ImmediateTable, wake: (token: string) => void) {
  const client = clientOf(table)
  const ports = portsWith<Pick<Ports, 'gates' | 'executions'>>({
    gates: dynamodbGates({ client, table: 'tasks' }),
    executions: { wake: async (token) => wake(token) },
  })
  return (plan: { taskId: string; gates: Gate[] }, stepId: string): Promise<void> =>
    signalGates(ports, plan, stepId)
}
