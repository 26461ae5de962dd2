/**
 * Adopts the resources that an earlier installation of the prefix has left, before the CDK deploys: they are imported into the stacks
 * again.
 *
 * Invariants (tests cite them):
 * take-back/T1 existing tables and buckets are never replaced by new ones silently: they are adopted, or the user chooses,
 *    or passes `--fresh`
 * take-back/T2 nothing is adopted by a stack that is deployed: it has resources of its own
 */
import { DeleteEventBusCommand, ListArchivesCommand, ListRulesCommand } from '@aws-sdk/client-eventbridge'
import { DeleteBucketPolicyCommand } from '@aws-sdk/client-s3'
import { readStack, type SynthesizedStack } from './assembly.ts'
import type { Aws } from './aws.ts'
import { clearFailed, findDeployed } from './deployed-stack.ts'
import { importResources } from './import-resources.ts'
import { AdoptionError, type Chosen, findKept, type Kept } from './kept-resources.ts'
import { takeBackMachines } from './returning-machines.ts'
import { settleTable } from './table-settings.ts'

export type TakenBack = {
  /** The data stack, if it must be deployed before the others. */
  data?: string
  names: string[]
}

/** Throws AdoptionError. */
export async function takeBack(
  aws: Aws,
  assembly: string,
  wanted: { chosen: Chosen; fresh: boolean },
): Promise<TakenBack> {
  const [data, runtime] = [readStack(assembly, 'data'), readStack(assembly, 'runtime')]
  const prefix = data.name.slice(0, -'-data'.length)
  const kept = await takeBackData(aws, data, wanted)
  await clearFailed(aws, runtime.name)
  const machines = await takeBackMachines(aws, runtime, prefix)
  const names = [...(kept ?? []).map(({ name }) => name), ...machines]
  return kept === undefined || kept.length === 0 ? { names } : { data: data.name, names }
}

/** Undefined when the stack is deployed (take-back/T2). */
export async function takeBackData(
  aws: Aws,
  stack: SynthesizedStack,
  wanted: { chosen: Chosen; fresh: boolean },
): Promise<Kept[] | undefined> {
  if (await findDeployed(aws, stack.name)) {
    if (wanted.chosen.size === 0 && !wanted.fresh) return undefined
    const message = `${stack.name} is deployed, and has its tables and buckets. Destroy it first, which keeps them: npm run destroy`
    throw new AdoptionError(message)
  }
  const kept = await findKept(aws, stack, wanted)
  await clearFailed(aws, stack.name)
  const { name, assetBucket, template } = stack
  for (const one of kept) {
    const resource = template.Resources[one.logicalId]
    if (one.type === 'AWS::DynamoDB::Table' && resource) await settleTable(aws, one.name, resource)
  }
  const deployed = { Resources: {} }
  const cannot = await importResources(aws, { stack: name, assetBucket, deployed, template, kept })
  for (const one of cannot) await makeWay(aws, one)
  return kept
}

/** Deletes a resource that CloudFormation cannot import and can create anew, if no data is lost. */
async function makeWay(aws: Aws, { type, name }: Kept): Promise<void> {
  if (type === 'AWS::S3::BucketPolicy') {
    await aws.s3.send(new DeleteBucketPolicyCommand({ Bucket: name }))
    return
  }
  if (type !== 'AWS::Events::EventBus') throw new AdoptionError(`${name} (${type}) cannot be imported`)
  const { Rules = [] } = await aws.events.send(new ListRulesCommand({ EventBusName: name }))
  const { Archives = [] } = await aws.events.send(new ListArchivesCommand({}))
  const held = [
    ...Rules.map((rule) => `the rule ${rule.Name}`),
    ...Archives.filter(({ EventSourceArn }) => EventSourceArn?.endsWith(`event-bus/${name}`)).map(
      (archive) => `the archive ${archive.ArchiveName}`,
    ),
  ]
  if (held.length > 0)
    throw new AdoptionError(
      `the bus ${name} cannot be imported, nor be made anew, for it has ${held.join(', ')}`,
    )
  await aws.events.send(new DeleteEventBusCommand({ Name: name }))
}
