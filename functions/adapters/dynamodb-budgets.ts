import { GetCommand, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { type Amount, amountOf, lessAmount, NOTHING } from '../../shared/domain/budget.ts'
import type { Budgets, KeptBudget, Reservation } from '../../shared/ports/index.ts'
import { callAws, unlessAws } from './aws-errors.ts'
import { type TaskTable, taskKey } from './dynamodb-tables.ts'

type Item = Record<string, unknown>
type Change = {
  set?: string[]
  condition?: string[]
  remove?: string[]
  values?: Item
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

  /** The parts of an expression that take an amount out of what is available. */
  const taking = (limits: (keyof Amount)[], amount: Amount) => ({
    set: limits.map((name) => `${AVAILABLE[name]} = ${AVAILABLE[name]} - :${name}`),
    condition: ['attribute_not_exists(closed)', ...limits.map((name) => `${AVAILABLE[name]} >= :${name}`)],
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
          ...(parent ? { parent, granted: NOTHING, accounted: NOTHING } : {}),
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
        set: [...adding(limits), ...spending],
        condition: ['holder', 'nanoUsd', 'tokens'].map((name) => `#reserved.${name} = :${name}Reserved`),
        remove: ['#reserved'],
        values: {
          ...addingValues(limits, back),
          ...spendingValues(spent),
          ':holderReserved': reservation.holder,
          ':nanoUsdReserved': reservation.nanoUsd,
          ':tokensReserved': reservation.tokens,
        },
        names: { '#reserved': RESERVED + path },
      })
    },

    async raise(taskId, from, to) {
      const limits = await limitsOf(taskId)
      const more = lessAmount(to, from)
      return change(taskId, {
        set: [...adding(limits), '#total = :to'],
        condition: isAmount('#total'),
        values: { ...addingValues(limits, more), ':to': to, ...amountValues(from) },
        names: { '#total': 'total' },
      })
    },

    async grant(taskId, from, to) {
      const limits = await limitsOf(taskId)
      return change(taskId, {
        set: [...adding(limits), 'granted = :to'],
        condition: ['attribute_not_exists(closed)', ...isAmount('granted')],
        values: { ...addingValues(limits, lessAmount(to, from)), ':to': to, ...amountValues(from) },
      })
    },

    async close(taskId) {
      await change(taskId, { set: ['closed = :true'], values: { ':true': true } })
    },

    async account(taskId, spent) {
      const limits = await limitsOf(taskId)
      await change(taskId, {
        set: [
          ...limits.map((name) => `${AVAILABLE[name]} = :zero`),
          'granted = :nothing',
          'accounted = :spent',
        ],
        condition: ['closed = :true'],
        values: {
          ...(limits.length > 0 ? { ':zero': 0 } : {}),
          ':nothing': NOTHING,
          ':spent': spent,
          ':true': true,
        },
      })
    },

    async reopen(taskId) {
      await change(taskId, { remove: ['closed'] })
    },
  }
}

const AVAILABLE: Record<keyof Amount, string> = { nanoUsd: 'availableUsd', tokens: 'availableTokens' }
const SPENT: Record<keyof Amount, string> = { nanoUsd: 'spentUsd', tokens: 'spentTokens' }

const adding = (limits: readonly (keyof Amount)[]): string[] =>
  limits.map((name) => `${AVAILABLE[name]} = ${AVAILABLE[name]} + :${name}`)
const addingValues = (limits: readonly (keyof Amount)[], more: Amount): Item =>
  Object.fromEntries(limits.map((name) => [`:${name}`, more[name]]))

/** Whether an attribute is an amount. */
const isAmount = (attribute: string): string[] => [
  `${attribute}.nanoUsd = :fromUsd`,
  `${attribute}.tokens = :fromTokens`,
]
const amountValues = ({ nanoUsd, tokens }: Amount): Item => ({ ':fromUsd': nanoUsd, ':fromTokens': tokens })

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
    total: item.total as Amount,
    isClosed: item.closed === true,
    granted: (item.granted ?? NOTHING) as Amount,
    accounted: (item.accounted ?? NOTHING) as Amount,
    reserved: new Map(held.map(([name, value]) => [name.slice(RESERVED.length), value as Reservation])),
    ...(item.parent ? { parent: item.parent as NonNullable<KeptBudget['parent']> } : {}),
  }
}
