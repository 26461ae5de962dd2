/**
 * Lists of tasks. The index has a partition for each status and shard, sorted by creation time; a list merges them, newest first.
 *
 * Invariants (tests cite them):
 * list/L1 a page is complete: it leaves out no matching task that is newer than its `cursor`
 * list/L2 successive pages contain each task once, newest first, including tasks created in the same millisecond
 * list/L3 a page reads a bounded number of items, even if its filter rejects most of them: it may then have fewer tasks
 *    than its limit
 */
import type { QueryCommandInput } from '@aws-sdk/lib-dynamodb'
import { TASK_INDEXES } from '../../../../shared/contracts/table-layout.ts'
import { TASK_STATUSES, type Task } from '../../../../shared/domain/task.ts'
import type { TaskFilter, Tasks } from '../../../../shared/ports/index.ts'
import { SHARDS, statusKey, type TaskTable } from '../keys.ts'
import { queryPage } from '../query-page.ts'
import { createdKeyOf, taskIn } from './task-items.ts'

/** The most index items that a page may read, and the most reads (of up to 1 MB each), over all partitions. */
const MOST = { items: 8_000, reads: 120 }
const MOST_IN_ONE_READ = 500

/**
 * The part of a list that comes from one partition of the index. `next` is undefined when the partition is exhausted.
 */
type Stream = {
  key: string
  limit: number
  next: { from?: Record<string, unknown> | undefined } | undefined
  reached: string
}

/** Sorts before, and after, every key of the index. */
const OLDEST = ' '
const NEWEST = '~'

export function listTasks({ client, table }: TaskTable, most = MOST): Tasks['listTasks'] {
  return async ({ tenant, limit, cursor, ...filter }) => {
    const statuses = filter.status ? [filter.status] : TASK_STATUSES
    const condition = conditionOf(filter)
    const first = condition.FilterExpression === undefined ? limit + 1 : Math.max(50, limit + 1)
    const streams = statuses.flatMap((status) =>
      SHARDS.map((shard): Stream => {
        return { key: statusKey(tenant, status, shard), limit: first, next: {}, reached: NEWEST }
      }),
    )
    const before = least(cursor ?? NEWEST, filter.to ?? NEWEST)
    // DynamoDB refuses an empty range (lower bound above upper bound).
    if ((filter.from ?? OLDEST) > before) return { tasks: [] }
    // Deduplicated by key: a task whose status changes meanwhile may appear in two partitions.
    const found = new Map<string, Task>()
    let read = 0
    let reads = 0

    const readOn = async (stream: Stream): Promise<void> => {
      const { items, from, scanned } = await queryPage(client, {
        TableName: table,
        IndexName: TASK_INDEXES.byStatus.name,
        KeyConditionExpression: 'statusKey = :pk AND createdKey BETWEEN :from AND :before',
        ...condition,
        ExpressionAttributeValues: {
          ...condition.ExpressionAttributeValues,
          ':pk': stream.key,
          ':from': filter.from ?? OLDEST,
          ':before': before,
        },
        ScanIndexForward: false,
        Limit: stream.limit,
        ExclusiveStartKey: stream.next?.from,
      })
      read += scanned
      reads++
      for (const task of items.map(taskIn)) found.set(createdKeyOf(task), task)
      stream.next = from && { from }
      stream.reached = from ? String(from.createdKey) : OLDEST
      stream.limit = Math.min(MOST_IN_ONE_READ, stream.limit * 4)
    }

    await Promise.all(streams.map(readOn))
    // Complete only down to the frontier: the position of the partition that has read the least far back (list/L1).
    for (;;) {
      const frontier = streams.reduce((last, { reached }) => (reached > last ? reached : last), OLDEST)
      const complete = [...found]
        .filter(([key]) => key >= frontier && key < before)
        .sort(([a], [b]) => (a < b ? 1 : -1))
        .map(([, task]) => task)
      const behind = streams.filter(({ next, reached }) => next && reached === frontier)
      const tasks = complete.slice(0, limit)
      const last = tasks.at(-1)
      if (complete.length > limit && last) return { tasks, cursor: createdKeyOf(last) }
      if (behind.length === 0) return { tasks }
      if (read >= most.items || reads >= most.reads) return { tasks, cursor: frontier }
      await Promise.all(behind.map(readOn))
    }
  }
}

type Condition = Pick<QueryCommandInput, 'FilterExpression' | 'ExpressionAttributeNames'> & {
  ExpressionAttributeValues: Record<string, unknown>
}

/**
 * The filter as a DynamoDB expression, evaluated after items are read and counted. Metadata is stored as JSON text: a
 * pair follows `{` or `,`, and quotes inside names and values are escaped, so that part of a name or value never
 * matches as a pair.
 */
function conditionOf({ workflow, version, type, metadata = [], id, parent }: TaskFilter): Condition {
  const pairs = metadata.map(([name, value]) => JSON.stringify({ [name]: value }).slice(1, -1))
  const all: Record<string, unknown> = {
    '#workflow.#name = :workflow': workflow,
    '#workflow.#version = :version': version,
    '#type = :type': type,
    'begins_with(#id, :id)': id,
    '#parent.#taskId = :parent': parent ?? undefined,
  }
  const given = Object.entries(all).filter(([, value]) => value !== undefined)
  const values = given.map(([expression, value]) => [/:\w+/.exec(expression)?.[0], value])
  const expressions = given.map(([expression]) => expression)
  for (const [at, pair] of pairs.entries()) {
    expressions.push(`(contains(#metadata, :first${at}) OR contains(#metadata, :later${at}))`)
    values.push([`:first${at}`, `{${pair}`], [`:later${at}`, `,${pair}`])
  }
  if (parent === null) expressions.push('attribute_not_exists(#parent)')
  if (expressions.length === 0) return { ExpressionAttributeValues: {} }
  const text = expressions.join(' AND ')
  return {
    FilterExpression: text,
    ExpressionAttributeNames: Object.fromEntries(
      [...text.matchAll(/#(\w+)/g)].map(([mark, name]) => [mark, name ?? '']),
    ),
    ExpressionAttributeValues: Object.fromEntries(values) as Record<string, unknown>,
  }
}

const least = (a: string, b: string): string => (a < b ? a : b)
