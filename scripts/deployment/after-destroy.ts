import type { Aws } from './aws.ts'
import { type Deployed, findDeployed } from './deployed-stack.ts'
import { machineArn, machineNames, patientMachines } from './patient-machines.ts'

const STATEFUL = ['AWS::DynamoDB::Table', 'AWS::S3::Bucket', 'AWS::Events::EventBus', 'AWS::Events::Archive']

/** The names of what a stack holds and its end will leave. */
export async function namesOfKept(aws: Aws, stack: string): Promise<string[]> {
  const deployed: Deployed = (await findDeployed(aws, stack)) ?? new Map()
  return [...deployed.values()].flatMap(({ type, name }) => (STATEFUL.includes(type) ? [name] : []))
}

/**
 * Removes the machines that the functions did not get to before they went themselves: there may be more than they can delete in the
 * hour that CloudFormation gives them. Answers how many.
 */
export async function sweepMachines(aws: Aws, prefix: string): Promise<number> {
  const machines = patientMachines(aws)
  const names = await machineNames(aws, prefix)
  for (const name of names) await machines.remove(machineArn(aws, name), { evenBusy: true })
  return names.length
}
