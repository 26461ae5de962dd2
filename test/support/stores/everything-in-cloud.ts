import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DynamoDBClient, ListTablesCommand, ScanCommand } from '@aws-sdk/client-dynamodb'
import { GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3'
import {
  GetExecutionHistoryCommand,
  ListExecutionsCommand,
  ListStateMachinesCommand,
  SFNClient,
} from '@aws-sdk/client-sfn'

/** A text with the place where it is kept. */
export type Kept = { place: string; text: string }

const credentials = { accessKeyId: 'person', secretAccessKey: 'person' }

/** Every item, object, and history of a running local cloud, as a person with the AWS CLI sees them. */
export async function everythingIn(endpoint: string, bucket: string): Promise<Kept[]> {
  const settings = { endpoint, region: 'us-east-1', credentials }
  return [
    ...(await itemsIn(new DynamoDBClient(settings))),
    ...(await objectsIn(new S3Client({ ...settings, forcePathStyle: true }), bucket)),
    ...(await historiesIn(new SFNClient(settings))),
  ]
}

async function itemsIn(client: DynamoDBClient): Promise<Kept[]> {
  const { TableNames = [] } = await client.send(new ListTablesCommand({}))
  const all: Kept[] = []
  for (const table of TableNames) {
    for (let ExclusiveStartKey: ScanStart; ; ) {
      const page = await client.send(new ScanCommand({ TableName: table, ExclusiveStartKey }))
      for (const item of page.Items ?? []) {
        // Contents as bytes are read as text.
        const text = JSON.stringify(item, (_key, value: unknown) =>
          value instanceof Uint8Array ? Buffer.from(value).toString() : value,
        )
        all.push({ place: `${table} ${item.pk?.S} ${item.sk?.S}`, text })
      }
      ExclusiveStartKey = page.LastEvaluatedKey
      if (!ExclusiveStartKey) break
    }
  }
  return all
}
type ScanStart = ConstructorParameters<typeof ScanCommand>[0]['ExclusiveStartKey']

async function objectsIn(client: S3Client, bucket: string): Promise<Kept[]> {
  const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: bucket }))
  return Promise.all(
    Contents.map(async ({ Key = '' }) => {
      const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key }))
      return { place: `s3 ${Key}`, text: (await Body?.transformToString()) ?? '' }
    }),
  )
}

async function historiesIn(client: SFNClient): Promise<Kept[]> {
  const { stateMachines = [] } = await client.send(new ListStateMachinesCommand({}))
  const all: Kept[] = []
  for (const { stateMachineArn } of stateMachines) {
    const { executions = [] } = await client.send(new ListExecutionsCommand({ stateMachineArn }))
    for (const { executionArn, name } of executions) {
      const { events = [] } = await client.send(new GetExecutionHistoryCommand({ executionArn }))
      all.push({ place: `history of ${name}`, text: JSON.stringify(events) })
    }
  }
  return all
}

/** Every file below a folder, as it lies on the disk. */
export function filesBelow(folder: string, except: readonly string[] = []): Kept[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !except.includes(entry.name))
    .map(({ parentPath, name }) => {
      const place = join(parentPath, name)
      return { place, text: readFileSync(place, 'latin1') }
    })
}
