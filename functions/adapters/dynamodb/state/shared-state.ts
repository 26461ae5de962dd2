/**
 * Shared state in the partition of its task: an immutable item for each version, and one item with the newest version of each key.
 *
 * Invariants (tests cite them):
 * board/B1 the conditional write of a version's item decides who makes that version: one writer does
 * board/B2 the board points to a version only once its item is written, and to its predecessor before: what is read is whole, without gaps
 * board/B3 a writer that finds a version written moves the board there before it goes on: one that died between its two writes stops nobody
 * board/B4 the board is one item and read consistently: what it points to was the state of the task at one moment
 * board/B5 a key has a place on the board before its first version is written, so that a task never has more keys than it may have
 */
import { randomUUID } from 'node:crypto'
import { GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import {
  MOST_STATE_KEYS,
  StateSnapshotSchema,
  type StateVersion,
  StateVersionSchema,
} from '../../../../shared/domain/state/shared-state.ts'
import type { SharedState } from '../../../../shared/ports/shared-state.ts'
import { callAws, unlessAws } from '../../aws-errors.ts'
import { getAll } from '../get-all.ts'
import { boardKey, snapshotKey, stateKey, stateWriteKey, type TaskTable, taskKey } from '../keys.ts'

const REFUSED = ['ConditionalCheckFailedException']

/** Before the names of keys, which users choose, in the attributes of the board. */
const HEAD = 'head/'

export function dynamodbSharedState(on: TaskTable): SharedState {
  const { client, table } = on
  const { update, readItem } = itemsOf(on)

  /** board/B5. Whether the key has a place. */
  async function place(taskId: string, key: string): Promise<boolean> {
    const placed = await update(taskId, boardKey, {
      set: 'SET #head = :none ADD #keys :one',
      onlyIf: 'attribute_not_exists(#head) AND (attribute_not_exists(#keys) OR #keys < :most)',
      names: { '#head': HEAD + key, '#keys': 'keys' },
      values: { ':none': 0, ':one': 1, ':most': MOST_STATE_KEYS },
    })
    return placed || (await readItem(taskId, boardKey))?.[HEAD + key] !== undefined
  }

  /** board/B2. Refused where another has done it. */
  const point = (taskId: string, { key, version }: Pick<StateVersion, 'key' | 'version'>): Promise<boolean> =>
    update(taskId, boardKey, {
      set: 'SET #head = :version ADD #revision :one',
      onlyIf: '#head = :before',
      names: { '#head': HEAD + key, '#revision': 'revision' },
      values: { ':version': version, ':before': version - 1, ':one': 1 },
    })

  return {
    async findBoard(taskId) {
      const { revision = 0, ...rest } = (await readItem(taskId, boardKey)) ?? {}
      const heads = Object.entries(rest).flatMap(([name, head]): [string, number][] =>
        name.startsWith(HEAD) && Number(head) > 0 ? [[name.slice(HEAD.length), Number(head)]] : [],
      )
      return { revision: Number(revision), heads: new Map(heads) }
    },

    async findVersions(taskId, wanted) {
      const keys = wanted.map(({ key, version }) => ({ pk: taskKey(taskId), sk: stateKey(key, version) }))
      const items = await getAll(client, table, keys, { consistent: true })
      return items.map((item) => StateVersionSchema.parse(item.state))
    },

    async commitVersion(taskId, version) {
      const { key, version: number } = version
      if (number === 1 && !(await place(taskId, key))) return 'full'
      const written = await update(taskId, stateKey(key, number), {
        set: 'SET #state = :state, #sent = :sent',
        // What was sent again after a lost answer is the same write.
        onlyIf: 'attribute_not_exists(pk) OR #sent = :sent',
        names: { '#state': 'state', '#sent': 'sent' },
        values: { ':state': version, ':sent': randomUUID() },
      })
      await point(taskId, version)
      return written ? 'committed' : 'raced'
    },

    async beginWrite({ taskId, key, write }, version) {
      const command = new UpdateCommand({
        TableName: table,
        Key: { pk: taskKey(taskId), sk: stateWriteKey(key, write) },
        UpdateExpression: 'SET #version = if_not_exists(#version, :version)',
        ExpressionAttributeNames: { '#version': 'version' },
        ExpressionAttributeValues: { ':version': version },
        ReturnValues: 'ALL_NEW',
      })
      return Number((await callAws(() => client.send(command))).Attributes?.version)
    },

    addSnapshot: (taskId, snapshot) =>
      update(taskId, snapshotKey(snapshot.id), {
        set: 'SET #snapshot = :snapshot',
        onlyIf: 'attribute_not_exists(pk)',
        names: { '#snapshot': 'snapshot' },
        values: { ':snapshot': JSON.stringify(snapshot) },
      }),

    async findSnapshot(taskId, id) {
      const item = await readItem(taskId, snapshotKey(id))
      return item && StateSnapshotSchema.parse(JSON.parse(String(item.snapshot)))
    },
  }
}

type Change = {
  set: string
  onlyIf: string
  names: Record<string, string>
  values: Record<string, unknown>
}

/** Reads and changes one item in the partition of a task. */
function itemsOf({ client, table }: TaskTable) {
  return {
    /** An update, which agents may send anyway: a put would be one right more. False when its condition does not hold. */
    async update(taskId: string, sk: string, { set, onlyIf, names, values }: Change): Promise<boolean> {
      const command = new UpdateCommand({
        TableName: table,
        Key: { pk: taskKey(taskId), sk },
        UpdateExpression: set,
        ConditionExpression: onlyIf,
        ExpressionAttributeNames: names,
        ExpressionAttributeValues: values,
      })
      return (await unlessAws(REFUSED, () => client.send(command))) !== undefined
    },

    async readItem(taskId: string, sk: string) {
      const get = new GetCommand({
        TableName: table,
        Key: { pk: taskKey(taskId), sk },
        ConsistentRead: true,
      })
      return (await callAws(() => client.send(get))).Item
    },
  }
}
