import {
  DescribeContinuousBackupsCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  TagResourceCommand,
  UpdateContinuousBackupsCommand,
  UpdateTableCommand,
  UpdateTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb'
import type { TemplateResource } from './assembly.ts'
import type { Aws } from './aws.ts'
import { AdoptionError } from './kept-resources.ts'

type Wanted = {
  GlobalSecondaryIndexes?: { IndexName: string }[]
  DeletionProtectionEnabled?: boolean
  TimeToLiveSpecification?: { AttributeName: string; Enabled: boolean }
  PointInTimeRecoverySpecification?: { PointInTimeRecoveryEnabled: boolean }
  Tags?: { Key: string; Value: string }[]
}

/**
 * Applies settings that a restored table lacks: expiry, recovery, protection, tags. An import assumes that the table
 * matches the template, so no deployment would apply them. Throws AdoptionError for a table without our indexes.
 */
export async function settleTable(
  { dynamodb }: Aws,
  name: string,
  resource: TemplateResource,
): Promise<void> {
  const wanted = (resource.Properties ?? {}) as Wanted
  const TableName = name
  const { Table } = await dynamodb.send(new DescribeTableCommand({ TableName }))
  const indexes = new Set(Table?.GlobalSecondaryIndexes?.map(({ IndexName }) => IndexName))
  const missing = (wanted.GlobalSecondaryIndexes ?? []).filter(({ IndexName }) => !indexes.has(IndexName))
  if (missing.length > 0) {
    const names = missing.map(({ IndexName }) => IndexName).join(', ')
    throw new AdoptionError(`the table ${name} has no index ${names}: restore it with its indexes`)
  }
  const { DeletionProtectionEnabled } = wanted
  if (DeletionProtectionEnabled && !Table?.DeletionProtectionEnabled)
    await dynamodb.send(new UpdateTableCommand({ TableName, DeletionProtectionEnabled }))
  const { TimeToLiveSpecification } = wanted
  const expiry = await dynamodb.send(new DescribeTimeToLiveCommand({ TableName }))
  if (TimeToLiveSpecification && !/^ENABL/.test(expiry.TimeToLiveDescription?.TimeToLiveStatus ?? ''))
    await dynamodb.send(new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification }))
  const { PointInTimeRecoverySpecification } = wanted
  const backups = await dynamodb.send(new DescribeContinuousBackupsCommand({ TableName }))
  const recovery = backups.ContinuousBackupsDescription?.PointInTimeRecoveryDescription
  if (PointInTimeRecoverySpecification && recovery?.PointInTimeRecoveryStatus !== 'ENABLED')
    await dynamodb.send(new UpdateContinuousBackupsCommand({ TableName, PointInTimeRecoverySpecification }))
  if (wanted.Tags && Table?.TableArn)
    await dynamodb.send(new TagResourceCommand({ ResourceArn: Table.TableArn, Tags: wanted.Tags }))
}
