import {
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb'
import { REGISTRY_INDEXES } from '../../shared/contracts/table-layout.ts'
import { type Agent, AgentSchema } from '../../shared/domain/agent.ts'
import type { Clock, CollectableMachine, RegisteredWorkflow, Registry } from '../../shared/ports/index.ts'
import { callAws, unlessAws } from './aws-errors.ts'
import { MACHINE_KIND, machineItems } from './dynamodb-machine-items.ts'

/** How far back "load" looks, in windows of a minute. */
const LOAD_WINDOWS = 5
const WINDOW_SECONDS = 60
const WORKFLOW_LATEST = 'LATEST'

type RegistryTable = { client: DynamoDBDocumentClient; table: string; clock: Clock }

export function dynamodbRegistry({ client, table, clock }: RegistryTable): Registry {
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
      await put({ pk: `AGENT#${agent.id}`, sk: 'META', ...agent, kindKey: 'AGENT', nameKey: agent.id })
    },

    async findAgent(id: string): Promise<Agent | undefined> {
      const item = await find(`AGENT#${id}`, 'META')
      return item && AgentSchema.parse(item)
    },

    async listAgents(): Promise<Agent[]> {
      return (await listKind('AGENT')).map((item) => AgentSchema.parse(item))
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
      return item?.registered as RegisteredWorkflow | undefined
    },

    async listWorkflows(): Promise<RegisteredWorkflow[]> {
      return (await listKind('WORKFLOW')).map((item) => item.registered as RegisteredWorkflow)
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
  return { pk: workflowKey(name), sk: versionKey(version), registered }
}

/** Only an active workflow stands in the list; the versions stay for the tasks that they started. */
function latestItem(registered: RegisteredWorkflow): Record<string, unknown> {
  const { name } = registered.workflow
  const listed = registered.active ? { kindKey: 'WORKFLOW', nameKey: name } : {}
  return { pk: workflowKey(name), sk: WORKFLOW_LATEST, registered, ...listed }
}

/** Fixed width, so that numbers sort as text. */
const versionKey = (version: number): string => `VERSION#${String(version).padStart(8, '0')}`
const windowKey = (window: number): string => `WINDOW#${String(window).padStart(12, '0')}`
