import { type DynamoDBDocumentClient, GetCommand, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { REGISTRY_INDEXES } from '../../../../shared/contracts/table-layout.ts'
import { type Agent, AgentSchema } from '../../../../shared/domain/agent.ts'
import type {
  Clock,
  CollectableMachine,
  RegisteredWorkflow,
  Registry,
} from '../../../../shared/ports/index.ts'
import { callAws } from '../../aws-errors.ts'
import { jsonItem, type OnUnreadable, readRecord } from '../json-items.ts'
import { queryAll } from '../query-all.ts'
import { MACHINE_KIND, machineItems } from './machine-items.ts'
import { WORKFLOW_KIND, workflowItems } from './workflow-items.ts'

type Item = Record<string, unknown>

/** How far back "load" looks, in windows of a minute. */
const LOAD_WINDOWS = 5
const WINDOW_SECONDS = 60

/** A record that cannot be read is left out of lists, is not found by its name, and is told to `onUnreadable`. */
type RegistryTable = {
  client: DynamoDBDocumentClient
  table: string
  clock: Clock
  onUnreadable?: OnUnreadable
}

export function dynamodbRegistry({ client, table, clock, onUnreadable = () => {} }: RegistryTable): Registry {
  const agentIn = (item: Item): Agent | undefined =>
    readRecord<Agent>(item, (old) => old, AgentSchema, onUnreadable)

  const put = (item: Record<string, unknown>) =>
    callAws(() => client.send(new PutCommand({ TableName: table, Item: item })))

  const listKind = (kind: string): Promise<Item[]> =>
    queryAll(client, {
      TableName: table,
      IndexName: REGISTRY_INDEXES.byKind.name,
      KeyConditionExpression: 'kindKey = :kind',
      ExpressionAttributeValues: { ':kind': kind },
    })

  async function find(pk: string, sk: string): Promise<Record<string, unknown> | undefined> {
    const get = new GetCommand({ TableName: table, Key: { pk, sk }, ConsistentRead: true })
    return (await callAws(() => client.send(get))).Item
  }

  const windowNow = (): number => Math.floor(clock.now().getTime() / 1_000 / WINDOW_SECONDS)

  async function loadOf(agentId: string): Promise<number> {
    const windows = await queryAll(client, {
      TableName: table,
      KeyConditionExpression: 'pk = :pk AND sk >= :from',
      ExpressionAttributeValues: {
        ':pk': `LOAD#${agentId}`,
        ':from': windowKey(windowNow() - LOAD_WINDOWS + 1),
      },
    })
    return windows.reduce((sum, item) => sum + Number(item.steps), 0)
  }

  const { read, ...workflows } = workflowItems({ client, table, onUnreadable })

  return {
    ...machineItems({ client, table }),
    ...workflows,

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

    async listWorkflows(): Promise<RegisteredWorkflow[]> {
      return (await Promise.all((await listKind(WORKFLOW_KIND)).map(read))).flatMap((found) => found ?? [])
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

const windowKey = (window: number): string => `WINDOW#${String(window).padStart(12, '0')}`
