import { UpdateCommand } from '@aws-sdk/lib-dynamodb'
import type { Clock, Loads } from '../../../../shared/ports/index.ts'
import { callAws } from '../../aws-errors.ts'
import { loadKey, windowKey } from '../keys.ts'
import { queryAll } from '../query-all.ts'
import type { RegistryTable } from './list-kind.ts'

/** The period that "load" covers, in windows of a minute. */
const LOAD_WINDOWS = 5
const WINDOW_SECONDS = 60

/** An item for each agent and minute. */
export function dynamodbLoads({ client, table, clock }: RegistryTable & { clock: Clock }): Loads {
  const windowNow = (): number => Math.floor(clock.now().getTime() / 1_000 / WINDOW_SECONDS)

  async function loadOf(agentId: string): Promise<number> {
    const windows = await queryAll(client, {
      TableName: table,
      KeyConditionExpression: 'pk = :pk AND sk >= :from',
      ExpressionAttributeValues: {
        ':pk': loadKey(agentId),
        ':from': windowKey(windowNow() - LOAD_WINDOWS + 1),
      },
    })
    return windows.reduce((sum, item) => sum + Number(item.steps), 0)
  }

  return {
    async addLoad(steps) {
      const window = windowNow()
      const expiresAt = (window + LOAD_WINDOWS + 1) * WINDOW_SECONDS
      const adds = [...steps].map(([agentId, count]) => {
        const update = new UpdateCommand({
          TableName: table,
          Key: { pk: loadKey(agentId), sk: windowKey(window) },
          UpdateExpression: 'ADD steps :count SET expiresAt = :expires',
          ExpressionAttributeValues: { ':count': count, ':expires': expiresAt },
        })
        return callAws(() => client.send(update))
      })
      await Promise.all(adds)
    },

    async loadsOf(agentIds) {
      const loads = await Promise.all(agentIds.map(loadOf))
      return new Map(agentIds.map((id, index) => [id, loads[index] ?? 0]))
    },
  }
}
