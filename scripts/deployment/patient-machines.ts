import { setTimeout as delay } from 'node:timers/promises'
import { paginateListStateMachines } from '@aws-sdk/client-sfn'
import { stepfunctionsMachines } from '../../functions/adapters/stepfunctions/machines.ts'
import type { Machines } from '../../shared/ports/index.ts'
import type { Aws } from './aws.ts'

/** What a machine's ARN begins with, up to its name. */
export const machineArn = ({ partition, region, account }: Aws, name: string): string =>
  `arn:${partition}:states:${region}:${account}:stateMachine:${name}`

/** Machines as a person's command removes them: however long it takes. */
export function patientMachines(aws: Aws): Machines {
  return stepfunctionsMachines({
    client: aws.states,
    arnPrefix: machineArn(aws, ''),
    roleArn: '',
    substitutions: {},
    patience: { wait: delay, leftMilliseconds: () => Number.POSITIVE_INFINITY },
  })
}

/** The names of all machines of an installation: no other's begin with its prefix and a dash. */
export async function machineNames({ states }: Aws, prefix: string): Promise<string[]> {
  const names: string[] = []
  for await (const { stateMachines = [] } of paginateListStateMachines({ client: states }, {}))
    names.push(...stateMachines.flatMap(({ name = '' }) => (name.startsWith(`${prefix}-`) ? [name] : [])))
  return names
}
