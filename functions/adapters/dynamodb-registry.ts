import {
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb'
import * as z from 'zod'
import { REGISTRY_INDEXES } from '../../shared/contracts/table-layout.ts'
import { type Agent, AgentSchema } from '../../shared/domain/agent.ts'
import { GateSchema } from '../../shared/domain/plan.ts'
import type { Clock, CollectableMachine, RegisteredWorkflow, Registry } from '../../shared/ports/index.ts'
import { callAws, unlessAws } from './aws-errors.ts'
import { MACHINE_KIND, machineItems } from './dynamodb-machine-items.ts'
import { jsonItem, type OnUnreadable, readRecord, recordIn } from './json-items.ts'

type Item = Record<string, unknown>

/** How far back "load" looks, in windows of a minute. */
const LOAD_WINDOWS = 5
const WINDOW_SECONDS = 60
const WORKFLOW_LATEST = 'LATEST'

/** A record that cannot be read is left out of lists, is not found by its name, and is told to `onUnreadable`. */
type RegistryTable = {
  client: DynamoDBDocumentClient
  table: string
  clock: Clock
  onUnreadable?: OnUnreadable
}

/** What is sure of a workflow's record without parsing its steps again: those were parsed when it was registered. */
const RegisteredSchema = z.looseObject({
  workflow: z.looseObject({
    name: z.string(),
    version: z.number(),
    taskTypes: z.array(z.string()),
    steps: z.looseObject({}),
  }),
  stateMachineArn: z.string(),
  gates: z.array(GateSchema),
  active: z.boolean(),
})

export function dynamodbRegistry({ client, table, clock, onUnreadable = () => {} }: RegistryTable): Registry {
  const agentIn = (item: Item): Agent | undefined =>
    readRecord<Agent>(item, (old) => old, AgentSchema, onUnreadable)

  /** Checked, and returned as it was stored. */
  const workflowIn = (item: Item): RegisteredWorkflow | undefined => {
    const old = ({ registered }: Item): unknown => registered
    return (
      readRecord(item, old, RegisteredSchema, onUnreadable) && (recordIn(item, old) as RegisteredWorkflow)
    )
  }

  const put = (item: Record<string, unknown>) =>
    callAws(() => client.send(new PutCommand({ TableName: table, Item: item })))

  async function listKind(kind: string): Promise<Record<string, unknown>[]> {
    const items: Record<string, unknown>[] = []
    let from: Record<string, unknown> | undefined
    do {
      const query = new QueryCommand({
        TableName: table,
        IndexName: REGISTRY_INDEXES.byKind.name,
        KeyConditionExpression: 'kindKey = :kind',
        ExpressionAttributeValues: { ':kind': kind },
        ...(from ? { ExclusiveStartKey: from } : {}),
      })
      const page = await callAws(() => client.send(query))
      items.push(...(page.Items ?? []))
      from = page.LastEvaluatedKey
    } while (from)
    return items
  }

  async function find(pk: string, sk: string): Promise<Record<string, unknown> | undefined> {
    const get = new GetCommand({ TableName: table, Key: { pk, sk }, ConsistentRead: true })
    return (await callAws(() => client.send(get))).Item
  }

  const windowNow = (): number => Math.floor(clock.now().getTime() / 1_000 / WINDOW_SECONDS)

  async function loadOf(agentId: string): Promise<number> {
    const query = new QueryCommand({
      TableName: table,
      KeyConditionExpression: 'pk = :pk AND sk >= :from',
      ExpressionAttributeValues: {
        ':pk': `LOAD#${agentId}`,
        ':from': windowKey(windowNow() - LOAD_WINDOWS + 1),
      },
    })
    const { Items = [] } = await callAws(() => client.send(query))
    return Items.reduce((sum, item) => sum + Number(item.steps), 0)
  }

  return {
    ...machineItems({ client, table }),

    async listMachines(): Promise<CollectableMachine[]> {
      return (await listKind(MACHINE_KIND)) as CollectableMachine[]
    },

    async putAgent(agent: Agent): Promise<void> {
      const key = { pk: `AGENT#${agent.id}`, sk: 'META', kindKey: 'AGENT', nameKey: agent.id }
      await put({ ...key, ...jsonItem(agent, `agent "${agent.id}"`) })
    },

    async findAgent(id: string): Promise<Agent | undefined> {
      const item = await find(`AGENT#${id}`, 'META')
      return item && agentIn(item)
    },

    async listAgents(): Promise<Agent[]> {
      return (await listKind('AGENT')).flatMap((item) => agentIn(item) ?? [])
    },

    async putWorkflow(registered: RegisteredWorkflow): Promise<void> {
      await put(versionItem(registered))
      await put(latestItem(registered))
    },

    async publishWorkflow(registered: RegisteredWorkflow): Promise<boolean> {
      const first = new PutCommand({
        TableName: table,
        Item: versionItem(registered),
        ConditionExpression: 'attribute_not_exists(pk)',
      })
      if (!(await unlessAws(['ConditionalCheckFailedException'], () => client.send(first)))) return false
      await put(latestItem(registered))
      return true
    },

    async findWorkflow(name: string, version?: number): Promise<RegisteredWorkflow | undefined> {
      const item = await find(
        workflowKey(name),
        version === undefined ? WORKFLOW_LATEST : versionKey(version),
      )
      return item && workflowIn(item)
    },

    async listWorkflows(): Promise<RegisteredWorkflow[]> {
      return (await listKind('WORKFLOW')).flatMap((item) => workflowIn(item) ?? [])
    },

    async addLoad(steps: ReadonlyMap<string, number>): Promise<void> {
      const window = windowNow()
      const expiresAt = (window + LOAD_WINDOWS + 1) * WINDOW_SECONDS
      const adds = [...steps].map(([agentId, count]) => {
        const update = new UpdateCommand({
          TableName: table,
          Key: { pk: `LOAD#${agentId}`, sk: windowKey(window) },
          UpdateExpression: 'ADD steps :count SET expiresAt = :expires',
          ExpressionAttributeValues: { ':count': count, ':expires': expiresAt },
        })
        return callAws(() => client.send(update))
      })
      await Promise.all(adds)
    },

    async loadsOf(agentIds: readonly string[]): Promise<Map<string, number>> {
      const loads = await Promise.all(agentIds.map(loadOf))
      return new Map(agentIds.map((id, index) => [id, loads[index] ?? 0]))
    },
  }
}

const workflowKey = (name: string): string => `WORKFLOW#${name}`

function versionItem(registered: RegisteredWorkflow): Record<string, unknown> {
  const { name, version } = registered.workflow
  return { pk: workflowKey(name), sk: versionKey(version), ...itemOf(registered) }
}

/** Only an active workflow stands in the list; the versions stay for the tasks that they started. */
function latestItem(registered: RegisteredWorkflow): Record<string, unknown> {
  const { name } = registered.workflow
  const listed = registered.active ? { kindKey: 'WORKFLOW', nameKey: name } : {}
  return { pk: workflowKey(name), sk: WORKFLOW_LATEST, ...itemOf(registered), ...listed }
}

const itemOf = (registered: RegisteredWorkflow): { json: string } =>
  jsonItem(registered, `workflow "${registered.workflow.name}"`)

/** Fixed width, so that numbers sort as text. */
const versionKey = (version: number): string => `VERSION#${String(version).padStart(8, '0')}`
const windowKey = (window: number): string => `WINDOW#${String(window).padStart(12, '0')}`
