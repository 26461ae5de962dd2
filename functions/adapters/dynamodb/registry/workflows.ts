import { createHash } from 'node:crypto'
import { GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb'
import * as z from 'zod'
import { KINDS, REGISTRY_ITEMS } from '../../../../shared/contracts/table-layout.ts'
import { GateSchema } from '../../../../shared/domain/plan.ts'
import { registryName } from '../../../../shared/domain/tenants.ts'
import type { RegisteredWorkflow, Workflows } from '../../../../shared/ports/index.ts'
import { callAws, unlessAws } from '../../aws-errors.ts'
import { type OnUnreadable, readRecord, recordIn } from '../json-items.ts'
import { chunkKey, contentKey, nameKey, versionKey, workflowKey } from '../keys.ts'
import { queryAll } from '../query-all.ts'
import { listKind, type RegistryTable } from './list-kind.ts'

/**
 * One item for each version, and one that points to the newest.
 *
 * Invariants (tests cite them):
 * workflows/W1 a definition is kept as JSON text: keys and numbers come back as they were
 * workflows/W2 one that is too large for an item is spread over items of its own, under a digest of its text, which are written before
 *    anything refers to them and never change
 * workflows/W3 only an active workflow is listed; its versions stay for the tasks that they started
 * workflows/W4 of what is published at run time, also at once, a name stands for the newest version that is active; a deployment says itself
 *    what it stands for, for it may be rolled back
 * workflows/W5 what a deployment serves, a version or what a name stands for, is never replaced by what is published at run time
 */

/** DynamoDB's limit is 400 KB for an item, keys included. */
const MOST_BYTES = 350_000

type Item = Record<string, unknown>

/**
 * The fields of a workflow's record that are checked on reading. Its steps are not parsed again: that was done at
 * registration.
 */
const RegisteredSchema = z.looseObject({
  workflow: z.looseObject({
    name: z.string(),
    version: z.number(),
    taskTypes: z.array(z.string()),
    steps: z.looseObject({}),
  }),
  stateMachineArn: z.string(),
  gates: z.array(GateSchema),
  suspending: z.array(z.string()).optional(),
  active: z.boolean(),
  tenant: z.string().optional(),
})

/** A record that cannot be read is missing from lists, not found by its name, and reported to `onUnreadable`. */
export function dynamodbWorkflows({
  client,
  table,
  onUnreadable = () => {},
}: RegistryTable & { onUnreadable?: OnUnreadable }): Workflows {
  const put = (Item: Item) => callAws(() => client.send(new PutCommand({ TableName: table, Item })))

  /** Makes the name stand for this version, unless it stands for a later or a deployed one (workflows/W4, workflows/W5). */
  async function putLatest(registered: RegisteredWorkflow, stored: Item): Promise<void> {
    const Item = { ...latestItem(registered), ...stored }
    if (registered.origin !== 'api') return void (await put(Item))
    const unlessLater = new PutCommand({
      TableName: table,
      Item,
      // An unlisted record serves no task, so any active version may replace it. Items of earlier releases have no version.
      ConditionExpression:
        'attribute_not_exists(kindKey) OR ((attribute_not_exists(#version) OR #version <= :version) AND attribute_not_exists(deployed))',
      ExpressionAttributeNames: { '#version': 'version' },
      ExpressionAttributeValues: { ':version': registered.workflow.version },
    })
    await unlessAws(['ConditionalCheckFailedException'], () => client.send(unlessLater))
  }

  /** Stores a version; false where a deployment serves it, or, with `first`, where it exists. */
  async function putVersion(
    registered: RegisteredWorkflow,
    stored: Item,
    { first = false } = {},
  ): Promise<boolean> {
    const Item = { ...versionItem(registered), ...stored }
    const unlessDeployed = registered.origin === 'api' ? 'attribute_not_exists(deployed)' : undefined
    const condition = first ? 'attribute_not_exists(pk)' : unlessDeployed
    const write = new PutCommand({
      TableName: table,
      Item,
      ...(condition && { ConditionExpression: condition }),
    })
    return (await unlessAws(['ConditionalCheckFailedException'], () => client.send(write))) !== undefined
  }

  /** Attributes that stand for a record; its text is stored where it is too large for them (workflows/W2). */
  async function store(registered: RegisteredWorkflow): Promise<Item> {
    const json = JSON.stringify(registered)
    const bytes = Buffer.from(json)
    if (bytes.length <= MOST_BYTES) return { json }
    const content = createHash('sha256').update(bytes).digest('hex').slice(0, 32)
    const pk = workflowKey(registryName(registered))
    // The text is cut as bytes, because a cut in a string could split a surrogate pair.
    for (let from = 0, at = 0; from < bytes.length; from += MOST_BYTES, at++)
      await put({ pk, sk: chunkKey(content, at), bytes: bytes.subarray(from, from + MOST_BYTES) })
    return { content }
  }

  const itemsWith = (pk: string, beginning: string): Promise<Item[]> =>
    queryAll(client, {
      TableName: table,
      KeyConditionExpression: 'pk = :pk AND begins_with(sk, :beginning)',
      ExpressionAttributeValues: { ':pk': pk, ':beginning': beginning },
      ConsistentRead: true,
    })

  /** A record, with the fields of RegisteredSchema checked; undefined, and reported, when it cannot be read. */
  async function read(item: Item): Promise<RegisteredWorkflow | undefined> {
    const whole = item.content === undefined ? item : { ...item, json: await contentOf(item) }
    const old = ({ registered }: Item): unknown => registered
    return (
      readRecord(whole, old, RegisteredSchema, onUnreadable) && (recordIn(whole, old) as RegisteredWorkflow)
    )
  }

  async function contentOf({ pk, content }: Item): Promise<string> {
    const chunks = await itemsWith(String(pk), contentKey(String(content)))
    return Buffer.concat(chunks.map((chunk) => chunk.bytes as Uint8Array)).toString()
  }

  return {
    async putWorkflow(registered, { latest = true } = {}) {
      const stored = await store(registered)
      if (!(await putVersion(registered, stored))) return false
      if (latest) await putLatest(registered, stored)
      return true
    },

    async publishWorkflow(registered) {
      const stored = await store(registered)
      if (!(await putVersion(registered, stored, { first: true }))) return false
      if (registered.active) await putLatest(registered, stored)
      return true
    },

    async findWorkflow(name, version) {
      const Key = {
        pk: workflowKey(name),
        sk: version === undefined ? REGISTRY_ITEMS.latest : versionKey(version),
      }
      const get = new GetCommand({ TableName: table, Key, ConsistentRead: true })
      const { Item } = await callAws(() => client.send(get))
      return Item && read(Item)
    },

    async listVersions(name) {
      const found = await Promise.all((await itemsWith(workflowKey(name), REGISTRY_ITEMS.version)).map(read))
      return found.flatMap((one) => one ?? [])
    },

    async listWorkflows({ of } = {}) {
      const listed = await listKind({ client, table }, KINDS.workflow, of === undefined ? {} : { of })
      return (await Promise.all(listed.map(read))).flatMap((found) => found ?? [])
    },
  }
}

function versionItem(registered: RegisteredWorkflow): Item {
  const { version } = registered.workflow
  return {
    pk: workflowKey(registryName(registered)),
    sk: versionKey(version),
    ...claimOf(registered),
  }
}

function latestItem(registered: RegisteredWorkflow): Item {
  const { active, workflow } = registered
  const { version } = workflow
  const name = registryName(registered)
  const listed = active ? { kindKey: KINDS.workflow, nameKey: nameKey(name) } : {}
  return { pk: workflowKey(name), sk: REGISTRY_ITEMS.latest, version, ...listed, ...claimOf(registered) }
}

/** Items of earlier releases have none until the next deployment. */
const claimOf = ({ active, origin }: RegisteredWorkflow): Item =>
  active && origin === 'deployment' ? { deployed: true } : {}
