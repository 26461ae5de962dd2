/**
 * A workflow that is added again finds the state machine that its removal retained for running executions: CloudFormation would
 * refuse to create another with that name, so the machine is imported. Nothing can be imported into a nested stack through its parent:
 * there the old machine is deleted first, and is in the way while executions run on it.
 */
import { GetTemplateCommand } from '@aws-sdk/client-cloudformation'
import { DescribeStateMachineCommand } from '@aws-sdk/client-sfn'
import { parse } from 'yaml'
import type { SynthesizedStack, Template } from './assembly.ts'
import type { Aws } from './aws.ts'
import { type Deployed, findDeployed } from './deployed-stack.ts'
import { importResources } from './import-resources.ts'
import { AdoptionError, type Kept } from './kept-resources.ts'
import { machineArn, machineNames, patientMachines } from './patient-machines.ts'

const MACHINE = 'AWS::StepFunctions::StateMachine'

/** Imports the machines with their running executions. Returns their names. Throws AdoptionError for one that is in the way. */
export async function takeBackMachines(aws: Aws, stack: SynthesizedStack, prefix: string): Promise<string[]> {
  const deployed = await findDeployed(aws, stack.name)
  const coming = comingIn(stack.template, deployed)
  const nested: Coming[] = []
  for (const [id, template] of Object.entries(stack.nested)) {
    const known = deployed?.get(id)
    nested.push(...comingIn(template, known && (await findDeployed(aws, known.name))))
  }
  if (coming.length + nested.length === 0) return []
  const there = new Set(await machineNames(aws, prefix))
  const isThere = ({ name }: Coming): boolean => there.has(name)
  const [returning, inNested] = [coming.filter(isThere), nested.filter(isThere)]
  // Without a deployed stack their functions do not exist.
  const kept = deployed && returning.length > 0 ? await importMachines(aws, stack, returning) : returning
  for (const { name } of [...kept, ...inNested]) await makeWay(aws, name, deployed === undefined)
  return [...returning, ...inNested].map(({ name }) => name)
}

type Coming = { id: string; name: string }

function comingIn({ Resources }: Template, deployed: Deployed | undefined): Coming[] {
  return Object.entries(Resources).flatMap(([id, { Type, Properties }]) => {
    const name = Properties?.StateMachineName
    return Type === MACHINE && typeof name === 'string' && !deployed?.has(id) ? [{ id, name }] : []
  })
}

/** Returns the machines that CloudFormation cannot import. */
async function importMachines(
  aws: Aws,
  stack: SynthesizedStack,
  returning: readonly { id: string; name: string }[],
): Promise<{ name: string }[]> {
  const original = { StackName: stack.name, TemplateStage: 'Original' } as const
  const { TemplateBody = '{}' } = await aws.cloudformation.send(new GetTemplateCommand(original))
  const Resources: Template['Resources'] = {}
  const kept: Kept[] = []
  for (const { id, name } of returning) {
    const arn = machineArn(aws, name)
    const describe = new DescribeStateMachineCommand({ stateMachineArn: arn })
    const { roleArn } = await aws.states.send(describe)
    // The minimum: the deployment then sees the rest as a change, and applies it.
    Resources[id] = { Type: MACHINE, Properties: { StateMachineName: name, RoleArn: roleArn } }
    kept.push({ logicalId: id, type: MACHINE, name, identifier: { Arn: arn } })
  }
  const deployed = parse(TemplateBody) as Template
  const { name, assetBucket } = stack
  return importResources(aws, { stack: name, assetBucket, deployed, template: { Resources }, kept })
}

async function makeWay(aws: Aws, name: string, evenBusy: boolean): Promise<void> {
  const arn = machineArn(aws, name)
  if (await patientMachines(aws).remove(arn, { evenBusy })) return untilGone(aws, arn)
  const message = `the machine ${name} is that of a workflow that was removed, and something still runs on it or may be retried: cancel it, or wait for its end`
  throw new AdoptionError(message)
}

const POLL_MILLISECONDS = 1_000
const MOST_POLLS = 300

/** The name is free once the machine is deleted, which takes until its executions have stopped. */
async function untilGone({ states }: Aws, stateMachineArn: string): Promise<void> {
  for (let poll = 0; poll < MOST_POLLS; poll++) {
    const gone = await states.send(new DescribeStateMachineCommand({ stateMachineArn })).then(
      () => false,
      (error: Error) => error.name === 'StateMachineDoesNotExist',
    )
    if (gone) return
    await new Promise((resolve) => setTimeout(resolve, POLL_MILLISECONDS))
  }
  throw new AdoptionError(`${stateMachineArn} is still being deleted; try again later`)
}
