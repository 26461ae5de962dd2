import { GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { OrchestratorError } from '../../../../shared/domain/errors.ts'
import { type Woken, WokenSchema } from '../../../../shared/domain/suspension.ts'
import type { Suspensions } from '../../../../shared/ports/index.ts'
import { callAws, unlessAws } from '../../aws-errors.ts'
import { type TaskTable, taskKey, wakeKey } from '../keys.ts'
import { queryAll } from '../query-all.ts'

const REFUSED = ['ConditionalCheckFailedException']
const NOT_WOKEN = 'attribute_not_exists(woken) OR woken < :n'

/** One item for each step that was suspended in an execution; its state writes the token (shared/compiler/suspend-states.ts). */
export function dynamodbSuspensions({ client, table }: TaskTable): Suspensions {
  const keyOf = ({ runKey, path }: { runKey: string; path: string }) => ({
    pk: taskKey(runKey),
    sk: wakeKey(path),
  })

  async function findWoken(place: { runKey: string; path: string }) {
    const get = new GetCommand({ TableName: table, Key: keyOf(place), ConsistentRead: true })
    const { Item } = await callAws(() => client.send(get))
    const { by, tok, heardAt } = Item ?? {}
    return {
      ...(by === undefined ? {} : { woken: wokenIn(Item) }),
      ...(tok === undefined ? {} : { token: String(tok) }),
      ...(heardAt === undefined ? {} : { heardAt: String(heardAt) }),
    }
  }

  return {
    findWoken,

    async wake(place, { n, by, cause, at }) {
      const update = new UpdateCommand({
        TableName: table,
        Key: keyOf(place),
        UpdateExpression: 'SET woken = :n, #by = :by, cause = :cause, wokenAt = :at',
        ConditionExpression: NOT_WOKEN,
        ExpressionAttributeNames: { '#by': 'by' },
        ExpressionAttributeValues: { ':n': n, ':by': by, ':cause': cause, ':at': at },
        ReturnValues: 'ALL_NEW',
      })
      const woken = await unlessAws(REFUSED, () => client.send(update))
      if (woken) return { kind: 'woken', token: tokenIn(woken.Attributes) }
      const { woken: before, token } = await findWoken(place)
      if (!before) throw new OrchestratorError('BugError', `no wake of ${place.path} refused one`)
      return { kind: 'already', woken: before, token }
    },

    async listWoken(runKey, { since, by }) {
      const items = await queryAll(client, {
        TableName: table,
        KeyConditionExpression: 'pk = :pk AND begins_with(sk, :wakes)',
        FilterExpression: 'wokenAt BETWEEN :since AND :by AND attribute_exists(tok)',
        ExpressionAttributeValues: {
          ':pk': taskKey(runKey),
          ':wakes': wakeKey(''),
          ':since': since,
          ':by': by,
        },
        ConsistentRead: true,
      })
      return items.map(({ tok }) => String(tok))
    },

    async hear(place, n, at) {
      const update = new UpdateCommand({
        TableName: table,
        Key: keyOf(place),
        UpdateExpression: 'SET heardAt = :at',
        ConditionExpression: NOT_WOKEN,
        ExpressionAttributeValues: { ':n': n, ':at': at },
        ReturnValues: 'ALL_NEW',
      })
      const heard = await unlessAws(REFUSED, () => client.send(update))
      return heard && { token: tokenIn(heard.Attributes) }
    },
  }
}

const tokenIn = ({ tok }: Record<string, unknown> = {}): string | undefined =>
  tok === undefined ? undefined : String(tok)

const wokenIn = ({ woken, by, cause, wokenAt }: Record<string, unknown> = {}): Woken =>
  WokenSchema.parse({ n: woken, by, cause, at: wokenAt })
