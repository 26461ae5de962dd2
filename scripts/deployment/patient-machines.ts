import { setTimeout as delay } from 'node:timers/promises'
import { paginateListStateMachines } from '@aws-sdk/client-sfn'
import { stepfunctionsMachines } from '../../functions/adapters/stepfunctions/machines.ts'
import type { Machines } from '../../shared/ports/index.ts'
import type { Aws } from './aws.ts'

/** The ARN of a machine. */
export const machineArn = ({ partition, region, account }: Aws, name: string): string =>
  `arn:${partition}:states:${region}:${account}:stateMachine:${name}`

/** Removes machines without a time limit, for use in a user's command. */
export function patientMachines(aws: Aws): Machines {
  return stepfunctionsMachines({
    client: aws.states,
    arnPrefix: machineArn(aws, ''),
    roleArn: '',
    substitutions: {},
    patience: { wait: delay, leftMilliseconds: () => Number.POSITIVE_INFINITY },
  })
}

/** The names of an installation's machines: those that begin with its prefix and a dash. */
export async function machineNames({ states }: Aws, prefix: string): Promise<string[]> {
  const names: string[] = []
  for await (const { stateMachines = [] } of paginateListStateMachines({ client: states }, {}))
    names.push(...stateMachines.flatMap(({ name = '' }) => (name.startsWith(`${prefix}-`) ? [name] : [])))
  return names
}
