import { DeleteCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { KINDS } from '../../../../shared/contracts/table-layout.ts'
import type { CollectableMachine, Collectables } from '../../../../shared/ports/index.ts'
import { callAws, unlessAws } from '../../aws-errors.ts'
import { machineKey } from '../keys.ts'
import { listKind, type RegistryTable } from './list-kind.ts'

const REFUSED = ['ConditionalCheckFailedException']
const MAX_REMEMBERED = 1_000

/** An item for each machine that workflows share: when it was last used, and whether it is being collected. */
export function dynamodbCollectables({ client, table }: RegistryTable): Collectables {
  /** The machines whose use this worker has recorded: once a day is enough. */
  const noted = new Map<string, string>()

  return {
    async useMachine({ name, parts, usedOn }) {
      if (noted.get(name) === usedOn) return true
      const update = new UpdateCommand({
        TableName: table,
        Key: machineKey(name),
        UpdateExpression:
          'SET #name = :name, parts = :parts, usedOn = :day, kindKey = :kind, nameKey = :name',
        ConditionExpression: 'attribute_not_exists(collecting)',
        ExpressionAttributeNames: { '#name': 'name' },
        ExpressionAttributeValues: { ':name': name, ':parts': parts, ':day': usedOn, ':kind': KINDS.machine },
      })
      if (!(await unlessAws(REFUSED, () => client.send(update)))) return false
      if (noted.size >= MAX_REMEMBERED) noted.clear()
      noted.set(name, usedOn)
      return true
    },

    async listMachines() {
      return (await listKind({ client, table }, KINDS.machine)) as CollectableMachine[]
    },

    async claimMachine({ name, usedOn }) {
      const claim = new UpdateCommand({
        TableName: table,
        Key: machineKey(name),
        UpdateExpression: 'SET collecting = :yes',
        ConditionExpression: 'usedOn = :day',
        ExpressionAttributeValues: { ':yes': true, ':day': usedOn },
      })
      return (await unlessAws(REFUSED, () => client.send(claim))) !== undefined
    },

    async releaseMachine({ name, usedOn }) {
      const release = new UpdateCommand({
        TableName: table,
        Key: machineKey(name),
        UpdateExpression: 'SET usedOn = :day REMOVE collecting',
        ExpressionAttributeValues: { ':day': usedOn },
      })
      await callAws(() => client.send(release))
    },

    async forgetMachine(name) {
      await callAws(() => client.send(new DeleteCommand({ TableName: table, Key: machineKey(name) })))
      noted.delete(name)
    },
  }
}
