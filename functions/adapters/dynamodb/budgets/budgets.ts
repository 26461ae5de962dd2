import { GetCommand, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { type Amount, addAmounts, amountOf, lessAmount, partsOf } from '../../../../shared/domain/budget.ts'
import { isOrchestratorError } from '../../../../shared/domain/errors.ts'
import type { Budgets, KeptBudget, Share } from '../../../../shared/ports/index.ts'
import { callAws, unlessAws } from '../../aws-errors.ts'
import { budgetKey, type TaskTable } from '../keys.ts'
import {
  adding,
  addingValues,
  amountValues,
  isAmount,
  isReserved,
  onDay,
  reservedValues,
  spending,
  spendingValues,
  taking,
} from './budget-expressions.ts'
import { AVAILABLE, budgetIn, type Item, parentIn, RESERVED, SPENT } from './budget-items.ts'

type Change = {
  set?: string[]
  condition?: string[]
  remove?: string[]
  values?: Item
  names?: Record<string, string>
}

const REFUSED = ['ConditionalCheckFailedException']

/**
 * One item for each budget: the available amount of each limited part, and one attribute for each reservation. One item
 * for each child task that shares a budget, naming its parent. A write consumes one unit per kilobyte of the item; a
 * reservation adds about 0.15.
 */
export function dynamodbBudgets(table: TaskTable): Budgets {
  const { findItem: _item, ...budgets } = budgetsAt({ ...table, keyOf: budgetKey })
  return budgets
}

type Kept = TaskTable & {
  keyOf: (id: string) => { pk: string; sk: string }
  /** The day under which what is settled is also counted; without it, it is not. */
  today?: () => string
}

/** Budgets under any keys; `findItem` reads one with its item. */
export function budgetsAt({ client, table, keyOf, today }: Kept): Budgets & {
  findItem(root: string): Promise<{ budget: KeptBudget; item: Item } | undefined>
} {
  /** Caches of values that never change. */
  const roots = new Map<string, string>()
  const limited = new Map<string, (keyof Amount)[]>()

  async function read(taskId: string): Promise<Item | undefined> {
    const get = new GetCommand({ TableName: table, Key: keyOf(taskId), ConsistentRead: true })
    const { Item } = await callAws(() => client.send(get))
    const budget = Item && budgetIn(Item)
    if (budget) limited.set(taskId, partsOf(budget.available))
    return Item
  }

  async function find(root: string): Promise<KeptBudget | undefined> {
    const item = await read(root)
    return item && budgetIn(item)
  }

  async function findShare(taskId: string): Promise<Share | undefined> {
    const item = await read(taskId)
    if (!item) return undefined
    const isClosed = item.closed === true
    const parent = parentIn(item)
    if (parent === undefined) return { root: taskId, isClosed }
    const root = typeof item.root === 'string' ? item.root : await rootOf(parent)
    return { root: root ?? parent, parent, isClosed }
  }

  async function rootOf(taskId: string): Promise<string | undefined> {
    const known = roots.get(taskId)
    if (known !== undefined) return known
    const root = (await findShare(taskId))?.root
    if (root !== undefined) roots.set(taskId, root)
    return root
  }

  async function limitsOf(root: string): Promise<(keyof Amount)[]> {
    if (!limited.has(root)) await read(root)
    return limited.get(root) ?? []
  }

  /** False when the condition does not hold. */
  async function change(
    taskId: string,
    { set = [], condition = [], remove = [], values = {}, names = {} }: Change,
  ) {
    const actions = [
      ...(set.length > 0 ? [`SET ${set.join(', ')}`] : []),
      ...(remove.length > 0 ? [`REMOVE ${remove.join(', ')}`] : []),
    ]
    const update = new UpdateCommand({
      TableName: table,
      Key: keyOf(taskId),
      UpdateExpression: actions.join(' '),
      ConditionExpression: ['attribute_exists(pk)', ...condition].join(' AND '),
      ...(Object.keys(values).length > 0 ? { ExpressionAttributeValues: values } : {}),
      ...(Object.keys(names).length > 0 ? { ExpressionAttributeNames: names } : {}),
    })
    return (await unlessAws(REFUSED, () => client.send(update))) !== undefined
  }

  async function putNew(item: Item): Promise<void> {
    const ConditionExpression = 'attribute_not_exists(pk)'
    const put = new PutCommand({ TableName: table, Item: item, ConditionExpression })
    await unlessAws(REFUSED, () => client.send(put))
  }

  return {
    find,
    findShare,
    rootOf,

    async findItem(root) {
      const item = await read(root)
      const budget = item && budgetIn(item)
      return item && budget && { budget, item }
    },

    async create(taskId, budget) {
      const amount = amountOf(budget)
      await putNew({
        ...keyOf(taskId),
        ...(budget.usd === undefined ? {} : { [AVAILABLE.nanoUsd]: amount.nanoUsd }),
        ...(budget.tokens === undefined ? {} : { [AVAILABLE.tokens]: amount.tokens }),
        total: amount,
        [SPENT.nanoUsd]: 0,
        [SPENT.tokens]: 0,
      })
    },

    async share(child, { root, parent }) {
      await putNew({ ...keyOf(child), root, parent })
    },

    async reserve(root, slot, reservation) {
      const limits = await limitsOf(root)
      try {
        const isDone = await change(root, {
          set: [...taking(limits), '#reserved = :reserved'],
          condition: [
            'attribute_exists(#total)',
            'attribute_not_exists(closed)',
            'attribute_not_exists(#reserved)',
            ...limits.map((name) => `${AVAILABLE[name]} >= :${name}`),
          ],
          values: {
            ...addingValues(limits, reservation),
            ':reserved': reservation,
          },
          names: { '#reserved': RESERVED + slot, '#total': 'total' },
        })
        return isDone ? 'reserved' : 'refused'
      } catch (error) {
        // An item has 400 KB: some two thousand reservations.
        if (isOrchestratorError(error, 'ContentTooLargeError')) return 'full'
        throw error
      }
    },

    async settle(root, slot, reservation, spent) {
      const back = lessAmount(reservation, spent)
      const limits = await limitsOf(root)
      const day = onDay(today?.())
      return change(root, {
        set: [...adding(limits), ...spending, ...day.set],
        condition: isReserved,
        remove: ['#reserved'],
        values: {
          ...addingValues(limits, back),
          ...spendingValues(spent),
          ...reservedValues(reservation),
          ...day.values,
        },
        names: { '#reserved': RESERVED + slot, ...day.names },
      })
    },

    async enlarge(root, slot, reservation, more) {
      const limits = await limitsOf(root)
      const isDone = await change(root, {
        set: [...taking(limits), '#reserved = :to'],
        condition: [
          'attribute_not_exists(closed)',
          ...isReserved,
          ...limits.map((name) => `${AVAILABLE[name]} >= :${name}`),
        ],
        values: {
          ...addingValues(limits, more),
          ...reservedValues(reservation),
          ':to': { ...reservation, ...addAmounts(reservation, more) },
        },
        names: { '#reserved': RESERVED + slot },
      })
      return isDone ? 'enlarged' : 'refused'
    },

    async shrink(root, slot, reservation, { less, spent }) {
      const limits = await limitsOf(root)
      const day = onDay(today?.())
      return change(root, {
        set: [...adding(limits), ...spending, '#reserved = :to', ...day.set],
        condition: isReserved,
        values: {
          ...addingValues(limits, lessAmount(less, spent)),
          ...spendingValues(spent),
          ...reservedValues(reservation),
          ':to': { ...reservation, ...lessAmount(reservation, less) },
          ...day.values,
        },
        names: { '#reserved': RESERVED + slot, ...day.names },
      })
    },

    async raise(root, from, to) {
      const limits = await limitsOf(root)
      const more = lessAmount(to, from)
      return change(root, {
        set: [...adding(limits), '#total = :to'],
        condition: isAmount('#total'),
        values: { ...addingValues(limits, more), ':to': to, ...amountValues(from) },
        names: { '#total': 'total' },
      })
    },

    async close(taskId) {
      await change(taskId, { set: ['closed = :true'], values: { ':true': true } })
    },

    async reopen(taskId) {
      await change(taskId, { remove: ['closed'] })
    },
  }
}
