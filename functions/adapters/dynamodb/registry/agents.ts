import { GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb'
import { KINDS } from '../../../../shared/contracts/table-layout.ts'
import { type Agent, AgentSchema } from '../../../../shared/domain/agent.ts'
import type { Agents } from '../../../../shared/ports/index.ts'
import { callAws } from '../../aws-errors.ts'
import { jsonItem, type OnUnreadable, readRecord } from '../json-items.ts'
import { agentKey, nameKey } from '../keys.ts'
import { listKind, type RegistryTable } from './list-kind.ts'

/** A record that cannot be parsed is missing from the list and not found by its id; it is reported to `onUnreadable`. */
export function dynamodbAgents({
  client,
  table,
  onUnreadable = () => {},
}: RegistryTable & { onUnreadable?: OnUnreadable }): Agents {
  const agentIn = (item: Record<string, unknown>): Agent | undefined =>
    readRecord<Agent>(item, (old) => old, AgentSchema, onUnreadable)

  return {
    async putAgent(agent) {
      const Item = {
        ...agentKey(agent.id),
        kindKey: KINDS.agent,
        nameKey: nameKey(agent.id),
        ...jsonItem(agent, `agent "${agent.id}"`),
      }
      await callAws(() => client.send(new PutCommand({ TableName: table, Item })))
    },

    async findAgent(id) {
      const get = new GetCommand({ TableName: table, Key: agentKey(id), ConsistentRead: true })
      const { Item } = await callAws(() => client.send(get))
      return Item && agentIn(Item)
    },

    async listAgents({ of } = {}) {
      const items = await listKind({ client, table }, KINDS.agent, of === undefined ? {} : { of })
      return items.flatMap((item) => agentIn(item) ?? [])
    },
  }
}
