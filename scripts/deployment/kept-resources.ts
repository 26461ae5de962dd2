/**
 * Finds the resources that an earlier installation of a prefix has left: tables, buckets, the bus and its archive are retained when
 * stacks are destroyed, and when a first deployment fails.
 */
import { DescribeTableCommand, paginateListTables } from '@aws-sdk/client-dynamodb'
import { DescribeEventBusCommand, ListArchivesCommand } from '@aws-sdk/client-eventbridge'
import { GetBucketPolicyCommand, ListBucketsCommand } from '@aws-sdk/client-s3'
import { plainName, referencesIn, type SynthesizedStack } from './assembly.ts'
import type { Aws } from './aws.ts'

/** An existing resource, with its identifier for an import. */
export type Kept = { logicalId: string; type: string; name: string; identifier: Record<string, string> }
/** The user's choice of resources, by plain logical id: where several match, or a name was changed. */
export type Chosen = ReadonlyMap<string, string>

/** The resources found cannot be adopted without a decision by the user. */
export class AdoptionError extends Error {}

type Wanted = { chosen: Chosen; fresh: boolean }

/** Finds existing resources for a stack that is not deployed. Throws AdoptionError. */
export async function findKept(
  aws: Aws,
  stack: SynthesizedStack,
  { chosen, fresh }: Wanted,
): Promise<Kept[]> {
  const resources = Object.entries(stack.template.Resources)
  const ofType = (type: string) => resources.filter(([, { Type }]) => Type === type).map(([id]) => id)
  const stateful = [...ofType('AWS::DynamoDB::Table'), ...ofType('AWS::S3::Bucket')]
  requireKnown(chosen, stateful)
  const kept: Kept[] = []
  if (!fresh) {
    const tables = await tableNames(aws)
    for (const id of ofType('AWS::DynamoDB::Table')) {
      const name = choose(
        id,
        chosen,
        tables.filter((one) => one.startsWith(`${stack.name}-${id}-`)),
      )
      if (name === undefined) continue
      await requireTable(aws, name)
      kept.push({ logicalId: id, type: 'AWS::DynamoDB::Table', name, identifier: { TableName: name } })
    }
    const buckets = await bucketNames(aws)
    for (const id of ofType('AWS::S3::Bucket')) {
      const name = choose(
        id,
        chosen,
        buckets.filter((one) => one.startsWith(`${stack.name}-${id}-`.toLowerCase())),
      )
      if (name === undefined) continue
      kept.push({ logicalId: id, type: 'AWS::S3::Bucket', name, identifier: { BucketName: name } })
    }
  }
  for (const id of ofType('AWS::S3::BucketPolicy')) {
    const [of] = referencesIn(stack.template.Resources[id]?.Properties?.Bucket)
    const name = kept.find(({ logicalId }) => logicalId === of)?.name
    if (name === undefined || !(await hasPolicy(aws, name))) continue
    kept.push({ logicalId: id, type: 'AWS::S3::BucketPolicy', name, identifier: { Bucket: name } })
  }
  return [...kept, ...(await keptBus(aws, stack))]
}

function choose(id: string, chosen: Chosen, found: readonly string[]): string | undefined {
  const own = chosen.get(plainName(id))
  if (own !== undefined) return own
  if (found.length <= 1) return found[0]
  const message = `there are several that an earlier installation has left: ${found.join(', ')}. Say which one: --adopt ${plainName(id)}=<name>, or begin with new ones: --fresh`
  throw new AdoptionError(message)
}

function requireKnown(chosen: Chosen, ids: readonly string[]): void {
  const known = ids.map(plainName)
  const unknown = [...chosen.keys()].filter((name) => !known.includes(name))
  if (unknown.length > 0)
    throw new AdoptionError(`--adopt ${unknown.join(', ')}: what can be adopted is ${known.join(', ')}`)
}

async function requireTable({ dynamodb }: Aws, name: string): Promise<void> {
  const described = await unlessMissing(dynamodb.send(new DescribeTableCommand({ TableName: name })))
  if (described?.Table?.TableStatus === 'ACTIVE') return
  const status = described?.Table?.TableStatus
  throw new AdoptionError(
    status ? `the table ${name} is ${status}; try again when it is active` : `there is no table ${name}`,
  )
}

async function tableNames({ dynamodb }: Aws): Promise<string[]> {
  const names: string[] = []
  for await (const { TableNames = [] } of paginateListTables({ client: dynamodb }, {}))
    names.push(...TableNames)
  return names
}

async function bucketNames({ s3 }: Aws): Promise<string[]> {
  const { Buckets = [] } = await s3.send(new ListBucketsCommand({}))
  return Buckets.map(({ Name = '' }) => Name)
}

const hasPolicy = async ({ s3 }: Aws, bucket: string): Promise<boolean> =>
  (await unlessMissing(s3.send(new GetBucketPolicyCommand({ Bucket: bucket })))) !== undefined

/** The bus is found by the installation's name, its archive by the bus. */
async function keptBus({ events }: Aws, { template }: SynthesizedStack): Promise<Kept[]> {
  const byType = (type: string) => Object.entries(template.Resources).find(([, { Type }]) => Type === type)
  const [busId, bus] = byType('AWS::Events::EventBus') ?? []
  const name = bus?.Properties?.Name
  if (busId === undefined || typeof name !== 'string') return []
  const found = await unlessMissing(events.send(new DescribeEventBusCommand({ Name: name })))
  if (!found?.Arn) return []
  const kept: Kept[] = [{ logicalId: busId, type: 'AWS::Events::EventBus', name, identifier: { Name: name } }]
  const [archiveId] = byType('AWS::Events::Archive') ?? []
  if (archiveId === undefined) return kept
  const { Archives = [] } = await events.send(new ListArchivesCommand({ EventSourceArn: found.Arn }))
  const [archive] = Archives.flatMap(({ ArchiveName }) => ArchiveName ?? [])
  if (archive === undefined) return kept
  const identifier = { ArchiveName: archive }
  return [...kept, { logicalId: archiveId, type: 'AWS::Events::Archive', name: archive, identifier }]
}

/** AWS services signal a missing resource by the error's name. */
async function unlessMissing<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer
  } catch (error) {
    const missing = /NotFound|NoSuch/.test((error as Error).name)
    if (missing) return undefined
    throw error
  }
}
