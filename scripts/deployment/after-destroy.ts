import type { Aws } from './aws.ts'
import { type Deployed, findDeployed } from './deployed-stack.ts'
import { machineArn, machineNames, patientMachines } from './patient-machines.ts'

const STATEFUL = ['AWS::DynamoDB::Table', 'AWS::S3::Bucket', 'AWS::Events::EventBus', 'AWS::Events::Archive']

/** The names of a stack's resources that its deletion will retain. */
export async function namesOfKept(aws: Aws, stack: string): Promise<string[]> {
  const deployed: Deployed = (await findDeployed(aws, stack)) ?? new Map()
  return [...deployed.values()].flatMap(({ type, name }) => (STATEFUL.includes(type) ? [name] : []))
}

/**
 * Removes the state machines that the functions could not delete before they were removed themselves: there may be more than fit
 * into CloudFormation's hour. Returns their number.
 */
export async function sweepMachines(aws: Aws, prefix: string): Promise<number> {
  const machines = patientMachines(aws)
  const names = await machineNames(aws, prefix)
  for (const name of names) await machines.remove(machineArn(aws, name), { evenBusy: true })
  return names.length
}
