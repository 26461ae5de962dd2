import { UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { StoredValueSchema } from '../../../../shared/domain/step.ts'
import type { Loop, Turns } from '../../../../shared/ports/turns.ts'
import { unlessAws } from '../../aws-errors.ts'
import { getAll } from '../get-all.ts'
import { type TaskTable, taskKey, turnKey } from '../keys.ts'

const REFUSED = ['ConditionalCheckFailedException']

/** One item for each turn. */
export function dynamodbTurns({ client, table }: TaskTable): Turns {
  const keyOf = ({ taskId, path, loop }: Loop, turn: number) => ({
    pk: taskKey(taskId),
    sk: turnKey(path, loop, turn),
  })
  const read = async (of: Loop, turns: readonly number[]): Promise<Map<string, unknown>> => {
    const keys = turns.map((turn) => keyOf(of, turn))
    const items = await getAll(client, table, keys, { consistent: true })
    return new Map(items.map(({ sk, answer }) => [String(sk), answer]))
  }

  return {
    async listTurns(of, most) {
      // Most loops begin here, and have none.
      const found = await read(of, [1])
      if (found.size === 0) return []
      const rest = await read(
        of,
        Array.from({ length: most - 1 }, (_, at) => at + 2),
      )
      const all = Array.from({ length: most }, (_, at) => {
        const { sk } = keyOf(of, at + 1)
        return found.get(sk) ?? rest.get(sk)
      })
      const end = all.indexOf(undefined)
      return (end < 0 ? all : all.slice(0, end)).map((answer) => StoredValueSchema.parse(answer))
    },

    // An update, which agents may send anyway: a put would be one right more.
    async addTurn(of, turn, value) {
      const update = new UpdateCommand({
        TableName: table,
        Key: keyOf(of, turn),
        UpdateExpression: 'SET answer = :answer',
        ConditionExpression: 'attribute_not_exists(pk)',
        ExpressionAttributeValues: { ':answer': value },
      })
      return (await unlessAws(REFUSED, () => client.send(update))) !== undefined
    },
  }
}
