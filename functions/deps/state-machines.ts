import type { Executions, Machines } from '../../shared/ports/index.ts'
import type { Patience } from '../adapters/patience.ts'
import { stepfunctionsExecutions } from '../adapters/stepfunctions/executions.ts'
import { stepfunctionsMachines } from '../adapters/stepfunctions/machines.ts'
import { sfn } from './clients.ts'
import { environment } from './environment.ts'
import { once } from './once.ts'

export const executions = (): Executions =>
  once('executions', () =>
    stepfunctionsExecutions({ client: sfn(), traceHeader: () => process.env._X_AMZN_TRACE_ID }),
  )

export const machines = (): Machines => once('machines', () => makeMachines())

/** For deployments: waits and retries when Step Functions throttles. */
export const patientMachines = (patience: Patience): Machines => makeMachines(patience)

function makeMachines(patience?: Patience): Machines {
  const { MACHINES, MACHINE_ROLE, MACHINE_LOGS, MACHINE_TAGS, ...named } = environment()
  const { REBIND_FUNCTION, CONTROL_FUNCTION, TASKS_TABLE } = named
  return stepfunctionsMachines({
    client: sfn(),
    arnPrefix: MACHINES ?? '',
    roleArn: MACHINE_ROLE ?? '',
    logGroupArn: MACHINE_LOGS,
    tags: MACHINE_TAGS,
    substitutions: {
      RebindFunction: REBIND_FUNCTION ?? '',
      ControlFunction: CONTROL_FUNCTION ?? '',
      TasksTable: TASKS_TABLE,
    },
    ...(patience ? { patience } : {}),
  })
}
