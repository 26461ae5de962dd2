import { UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { addUse, type ModelUse, NO_USE, USE_DAYS } from '../../../../shared/domain/model-use.ts'
import type { Clock } from '../../../../shared/ports/index.ts'
import type { ModelUsage } from '../../../../shared/ports/model-usage.ts'
import { callAws } from '../../aws-errors.ts'
import { dayKey, usageKey } from '../keys.ts'
import { queryAll } from '../query-all.ts'
import type { RegistryTable } from './list-kind.ts'

const DAY_SECONDS = 86_400
/** Costs are counted in whole billionths of a dollar, so that their sums are exact. */
const BILLION = 1e9

/** An item for each tenant, model and day. */
export function dynamodbModelUsage({ client, table, clock }: RegistryTable & { clock: Clock }): ModelUsage {
  const today = (): number => Math.floor(clock.now().getTime() / 1_000 / DAY_SECONDS)

  async function useOf(model: string, tenant: string): Promise<ModelUse> {
    const days = await queryAll(client, {
      TableName: table,
      KeyConditionExpression: 'pk = :pk AND sk >= :from',
      ExpressionAttributeValues: { ':pk': usageKey(model, tenant), ':from': dayKey(today() - USE_DAYS + 1) },
    })
    return days.map(useIn).reduce(addUse, NO_USE)
  }

  return {
    async addUse(model, tenant, { costUsd, ...counts }) {
      const added = Object.entries({ ...counts, costBillionths: Math.round(costUsd * BILLION) })
      const day = today()
      const update = new UpdateCommand({
        TableName: table,
        Key: { pk: usageKey(model, tenant), sk: dayKey(day) },
        UpdateExpression: `ADD ${added.map(([name]) => `${name} :${name}`).join(', ')} SET expiresAt = :expires`,
        ExpressionAttributeValues: {
          ...Object.fromEntries(added.map(([name, value]) => [`:${name}`, value])),
          ':expires': (day + USE_DAYS + 1) * DAY_SECONDS,
        },
      })
      await callAws(() => client.send(update))
    },

    async usesOf(models, tenant) {
      const uses = await Promise.all(
        models.map(async (model) => [model, await useOf(model, tenant)] as const),
      )
      return new Map(uses)
    },
  }
}

function useIn(item: Record<string, unknown>): ModelUse {
  const count = (name: string): number => Number(item[name] ?? 0)
  return {
    calls: count('calls'),
    inputTokens: count('inputTokens'),
    outputTokens: count('outputTokens'),
    cacheReadTokens: count('cacheReadTokens'),
    cacheWriteTokens: count('cacheWriteTokens'),
    costUsd: count('costBillionths') / BILLION,
  }
}
