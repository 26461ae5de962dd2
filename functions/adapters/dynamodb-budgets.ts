import { GetCommand, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { type Amount, amountOf, lessAmount, NOTHING } from '../../shared/domain/budget.ts'
import type { Budgets, KeptBudget, Reservation } from '../../shared/ports/index.ts'
import { callAws, unlessAws } from './aws-errors.ts'
import { type TaskTable, taskKey } from './dynamodb-tables.ts'

type Item = Record<string, unknown>
type Change = {
  set: string[]
  condition?: string[]
  remove?: string[]
  values: Item
  names?: Record<string, string>
}

const REFUSED = ['ConditionalCheckFailedException']
const RESERVED = 'reserved '

/** One item for each task that has a budget: what is available of what is limited, and each reservation as a member of its own. */
export function dynamodbBudgets({ client, table }: TaskTable): Budgets {
  const keyOf = (taskId: string) => ({ pk: taskKey(taskId), sk: 'BUDGET' })

  /** What is limited of this budget never changes: each worker asks once. */
  const limited = new Map<string, (keyof Amount)[]>()

  async function find(taskId: string): Promise<KeptBudget | undefined> {
    const get = new GetCommand({ TableName: table, Key: keyOf(taskId), ConsistentRead: true })
    const { Item } = await callAws(() => client.send(get))
    return Item && budgetIn(Item)
  }

  async function limitsOf(taskId: string): Promise<(keyof Amount)[]> {
    const known = limited.get(taskId)
    if (known) return known
    const budget = await find(taskId)
    if (!budget) return []
    const names = Object.keys(budget.available) as (keyof Amount)[]
    limited.set(taskId, names)
    return names
  }

  /** False when the condition does not hold. */
  async function change(taskId: string, { set, condition = [], remove = [], values, names = {} }: Change) {
    const update = new UpdateCommand({
      TableName: table,
      Key: keyOf(taskId),
      UpdateExpression: `SET ${set.join(', ')}${remove.length > 0 ? ` REMOVE ${remove.join(', ')}` : ''}`,
      ConditionExpression: ['attribute_exists(pk)', ...condition].join(' AND '),
      ExpressionAttributeValues: values,
      ...(Object.keys(names).length > 0 ? { ExpressionAttributeNames: names } : {}),
    })
    return (await unlessAws(REFUSED, () => client.send(update))) !== undefined
  }

  /** The parts of an expression that take an amount out of what is available. */
  const taking = (limits: (keyof Amount)[], amount: Amount) => ({
    set: limits.map((name) => `${AVAILABLE[name]} = ${AVAILABLE[name]} - :${name}`),
    condition: limits.map((name) => `${AVAILABLE[name]} >= :${name}`),
    values: Object.fromEntries(limits.map((name) => [`:${name}`, amount[name]])),
  })

  return {
    find,

    async create(taskId, budget, parent) {
      const amount = amountOf(budget)
      const put = new PutCommand({
        TableName: table,
        Item: {
          ...keyOf(taskId),
          ...(budget.usd === undefined ? {} : { [AVAILABLE.nanoUsd]: amount.nanoUsd }),
          ...(budget.tokens === undefined ? {} : { [AVAILABLE.tokens]: amount.tokens }),
          total: amount,
          [SPENT.nanoUsd]: 0,
          [SPENT.tokens]: 0,
          ...(parent ? { parent } : {}),
        },
        ConditionExpression: 'attribute_not_exists(pk)',
      })
      await unlessAws(REFUSED, () => client.send(put))
    },

    async reserve(taskId, path, reservation) {
      const taken = taking(await limitsOf(taskId), reservation)
      return change(taskId, {
        set: [...taken.set, '#reserved = :reserved'],
        condition: ['attribute_not_exists(#reserved)', ...taken.condition],
        values: { ...taken.values, ':reserved': reservation },
        names: { '#reserved': RESERVED + path },
      })
    },

    async enlarge(taskId, path, holder, more) {
      const taken = taking(await limitsOf(taskId), more)
      return change(taskId, {
        set: [
          ...taken.set,
          '#reserved.nanoUsd = #reserved.nanoUsd + :moreUsd',
          '#reserved.tokens = #reserved.tokens + :moreTokens',
        ],
        condition: ['#reserved.holder = :holder', ...taken.condition],
        values: { ...taken.values, ':holder': holder, ':moreUsd': more.nanoUsd, ':moreTokens': more.tokens },
        names: { '#reserved': RESERVED + path },
      })
    },

    async settle(taskId, path, reservation, spent) {
      const back = lessAmount(reservation, spent)
      const limits = await limitsOf(taskId)
      return change(taskId, {
        set: [...limits.map((name) => `${AVAILABLE[name]} = ${AVAILABLE[name]} + :${name}`), ...spending],
        condition: ['holder', 'nanoUsd', 'tokens'].map((name) => `#reserved.${name} = :${name}Reserved`),
        remove: ['#reserved'],
        values: {
          ...Object.fromEntries(limits.map((name) => [`:${name}`, back[name]])),
          ...spendingValues(spent),
          ':holderReserved': reservation.holder,
          ':nanoUsdReserved': reservation.nanoUsd,
          ':tokensReserved': reservation.tokens,
        },
        names: { '#reserved': RESERVED + path },
      })
    },

    async charge(taskId, spent) {
      const limits = await limitsOf(taskId)
      await change(taskId, {
        set: [...limits.map((name) => `${AVAILABLE[name]} = ${AVAILABLE[name]} - :${name}`), ...spending],
        values: {
          ...Object.fromEntries(limits.map((name) => [`:${name}`, spent[name]])),
          ...spendingValues(spent),
        },
      })
    },

    async raise(taskId, from, to) {
      const limits = await limitsOf(taskId)
      const more = lessAmount(to, from)
      await change(taskId, {
        set: [...limits.map((name) => `${AVAILABLE[name]} = ${AVAILABLE[name]} + :${name}`), '#total = :to'],
        condition: ['#total.nanoUsd = :fromUsd', '#total.tokens = :fromTokens'],
        values: {
          ...Object.fromEntries(limits.map((name) => [`:${name}`, more[name]])),
          ':to': to,
          ':fromUsd': from.nanoUsd,
          ':fromTokens': from.tokens,
        },
        names: { '#total': 'total' },
      })
    },

    async grant(taskId, more) {
      const limits = await limitsOf(taskId)
      if (limits.length === 0) return
      await change(taskId, {
        set: limits.map((name) => `${AVAILABLE[name]} = ${AVAILABLE[name]} + :${name}`),
        values: Object.fromEntries(limits.map((name) => [`:${name}`, more[name]])),
      })
    },
  }
}

const AVAILABLE: Record<keyof Amount, string> = { nanoUsd: 'availableUsd', tokens: 'availableTokens' }
const SPENT: Record<keyof Amount, string> = { nanoUsd: 'spentUsd', tokens: 'spentTokens' }

const spending = [
  `${SPENT.nanoUsd} = ${SPENT.nanoUsd} + :spentUsd`,
  `${SPENT.tokens} = ${SPENT.tokens} + :spentTokens`,
]
const spendingValues = ({ nanoUsd, tokens }: Amount): Item => ({
  ':spentUsd': nanoUsd,
  ':spentTokens': tokens,
})

function budgetIn(item: Item): KeptBudget {
  const parts = Object.keys(NOTHING) as (keyof Amount)[]
  const limited = parts.filter((name) => item[AVAILABLE[name]] !== undefined)
  const held = Object.entries(item).filter(([name]) => name.startsWith(RESERVED))
  return {
    available: Object.fromEntries(limited.map((name) => [name, Number(item[AVAILABLE[name]])])),
    spent: { nanoUsd: Number(item[SPENT.nanoUsd]), tokens: Number(item[SPENT.tokens]) },
    reserved: new Map(held.map(([name, value]) => [name.slice(RESERVED.length), value as Reservation])),
    ...(item.parent ? { parent: item.parent as NonNullable<KeptBudget['parent']> } : {}),
  }
}
