/**
 * An in-memory DynamoDB table that responds at once, so that virtual time can stand still: dynalite's parsers, conditions and updates, over
 * a Map instead of its storage.
 *
 * Invariants (tests cite them):
 * memory/T1 the adapters' requests get the same responses as from DynamoDB: both pass one contract suite
 * memory/T2 stored items are immutable and only replaced; a request belongs to the table once it is sent. The client copies both ways when
 *    it converts values to and from the wire format
 */
import { createRequire } from 'node:module'
import { rememberExpressions } from '../../local/dynamodb/remember-expressions.ts'

const require = createRequire(import.meta.url)
rememberExpressions()

/** An item in the wire format: `{pk: {S: 'TASK#1'}}`. */
export type WireItem = Record<string, unknown>
type Key = { pk: string; sk: string }
type Answer = (error: Error | null, answer?: { Attributes?: WireItem }) => void
type Expression = { expression: unknown }
type Parsed = {
  KeyConditions?: WireItem
  _filter?: Expression
  _condition?: Expression
  _projection?: { paths: unknown[] }
}

const validationOf = (name: string) =>
  require(`dynalite/validations/${name}`) as {
    custom(data: object, store: object): string | null | undefined
  }
const actionOf = (name: string) =>
  require(`dynalite/actions/${name}`) as (store: object, data: object, answer: Answer) => void
const db = require('dynalite/db') as {
  matchesFilter(item: WireItem, conditions: WireItem): boolean
  matchesExprFilter(item: WireItem, expression: unknown): boolean
  mapPaths(paths: unknown[], item: WireItem): WireItem
  checkConditional(data: object, item: WireItem | undefined): Error | undefined
}

const validations = {
  put: validationOf('putItem'),
  update: validationOf('updateItem'),
  delete: validationOf('deleteItem'),
  query: validationOf('query'),
  scan: validationOf('scan'),
}
const actions = { put: actionOf('putItem'), update: actionOf('updateItem') }

/** The key names of a secondary index; items without one of the keys are not in it. */
export type MemoryIndex = { name: string; partition: string; sort: string }
type Keys = Pick<MemoryIndex, 'partition' | 'sort'>
type Order = (a: WireItem, b: WireItem) => number
export type QueryAnswer = { Items?: WireItem[]; Count: number; LastEvaluatedKey?: WireItem }

export type MemoryTable = {
  get(key: WireItem): WireItem | undefined
  put(request: object): WireItem
  update(request: object): WireItem
  delete(request: object): void
  query(request: object): QueryAnswer
  scan(request: object): QueryAnswer
  /** Every item, in no order. */
  items(): WireItem[]
}

/** A table with the keys `pk` and `sk`. Throws errors with the names of DynamoDB's exceptions. */
export function memoryTable(indexes: readonly MemoryIndex[] = []): MemoryTable {
  const partitions = new Map<string, Map<string, WireItem>>()
  const find = ({ pk, sk }: Key): WireItem | undefined => partitions.get(pk)?.get(sk)
  const store = dynaliteStore(find, (item) => {
    const { pk, sk } = keyOf(item)
    const partition = partitions.get(pk) ?? new Map<string, WireItem>()
    partitions.set(pk, partition.set(sk, item))
  })

  function write(kind: 'put' | 'update', request: object, ReturnValues: string): WireItem {
    const data: Record<string, unknown> = { ReturnValues, ...request }
    const { Key, Item } = data
    requireValid(validations[kind].custom(data, store))
    store.at = keyOf((Key ?? Item) as WireItem)
    let outcome: { error: Error | null; attributes: WireItem } | undefined
    actions[kind](store, data, (error, answer) => {
      outcome = { error, attributes: answer?.Attributes ?? {} }
    })
    if (!outcome) throw new Error('the table did not answer at once')
    if (outcome.error) throw named(outcome.error)
    return outcome.attributes
  }

  const items = (): WireItem[] => [...partitions.values()].flatMap((partition) => [...partition.values()])

  /** The items that match a query's key condition, in no order. */
  function among({ partition: first, sort: last }: Keys, conditions: WireItem): WireItem[] {
    const { AttributeValueList } = conditions[first] as { AttributeValueList: [{ S: string }] }
    const wanted = AttributeValueList[0].S
    const all = first === 'pk' ? [...(partitions.get(wanted)?.values() ?? [])] : items()
    return all.filter((item) => textOf(item, first) === wanted && textOf(item, last) !== undefined)
  }

  return {
    get: (key) => find(keyOf(key)),
    put: (request) => write('put', request, 'NONE'),
    update: (request) => write('update', request, 'NONE'),
    delete(request) {
      const data: { Key?: WireItem } & Parsed = { ...request }
      requireValid(validations.delete.custom(data, store))
      const { pk, sk } = keyOf(data.Key ?? {})
      const refused = db.checkConditional(data, find({ pk, sk }))
      if (refused) throw named(refused)
      partitions.get(pk)?.delete(sk)
    },
    query(request) {
      const data: Parsed & {
        IndexName?: string
        Limit?: number
        ScanIndexForward?: boolean
        Select?: string
        ExclusiveStartKey?: WireItem
      } = { ...request }
      requireValid(validations.query.custom(data, store))
      const index = indexes.find(({ name }) => name === data.IndexName)
      if (data.IndexName !== undefined && !index)
        throw named(new Error(`The table does not have the specified index: ${data.IndexName}`))
      const { KeyConditions = {}, ScanIndexForward = true, Limit, ExclusiveStartKey, Select } = data
      const keys = index ?? { partition: 'pk', sort: 'sk' }
      const inOrder = orderOf(keys, ScanIndexForward)
      const found = among(keys, KeyConditions)
        .filter((item) => db.matchesFilter(item, KeyConditions))
        .sort(inOrder)
      const from = ExclusiveStartKey ? placeAfter(startKeyOf(ExclusiveStartKey, keys), found, inOrder) : 0
      const page = found.slice(from, Limit === undefined ? undefined : from + Limit)
      const filter = data._filter
      const kept = filter ? page.filter((item) => db.matchesExprFilter(item, filter.expression)) : page
      const projection = data._projection
      const shown = projection ? kept.map((item) => db.mapPaths(projection.paths, item)) : kept
      const last = from + page.length < found.length ? page.at(-1) : undefined
      return {
        ...(Select === 'COUNT' ? {} : { Items: shown }),
        Count: kept.length,
        ...(last ? { LastEvaluatedKey: startKeyOf(last, keys) } : {}),
      }
    },
    scan: (request) => scanOf(items(), request, (data) => requireValid(validations.scan.custom(data, store))),
    items: () => structuredClone(items()),
  }
}

const keyOf = (item: WireItem): Key => ({
  pk: (item.pk as { S: string }).S,
  sk: (item.sk as { S: string }).S,
})

const textOf = (item: WireItem, name: string): string | undefined =>
  (item[name] as { S?: string } | undefined)?.S

/** Compares by the sort key; in an index also by the table's keys, because there several items may have the same sort key. */
function orderOf({ sort }: Keys, isForward: boolean): Order {
  const bytes = (item: WireItem, name: string) => Buffer.from(textOf(item, name) ?? '')
  const names = [...new Set([sort, 'pk', 'sk'])]
  return (a, b) => {
    for (const name of names) {
      const order = Buffer.compare(bytes(a, name), bytes(b, name))
      if (order !== 0) return isForward ? order : -order
    }
    return 0
  }
}

/** The index of the item after a query's start key, whose own item may have been deleted since. */
function placeAfter(key: WireItem, items: readonly WireItem[], inOrder: Order): number {
  const place = items.findIndex((item) => inOrder(item, key) > 0)
  return place < 0 ? items.length : place
}

/** The keys of an item that a query can start from. Throws a ValidationException where one is missing. */
function startKeyOf(item: WireItem, { partition, sort }: Keys): WireItem {
  const names = ['pk', 'sk', partition, sort]
  requireValid(
    names.some((name) => textOf(item, name) === undefined) ? 'The provided starting key is invalid' : null,
  )
  return Object.fromEntries(names.map((name) => [name, item[name]]))
}

function requireValid(wrong: string | null | undefined): void {
  if (wrong) throw Object.assign(new Error(wrong), { name: 'ValidationException' })
}

/** Names an error after the exception in its body, where dynalite puts it. */
function named(error: Error & { body?: { __type?: string; message?: string } }): Error {
  const name = error.body?.__type?.split('#').at(-1) ?? 'ValidationException'
  return Object.assign(new Error(error.body?.message ?? error.message), { name })
}

const KEY = [{ AttributeName: 'pk' }, { AttributeName: 'sk' }]
const TABLE = {
  KeySchema: KEY.map((key, at) => ({ ...key, KeyType: at === 0 ? 'HASH' : 'RANGE' })),
  AttributeDefinitions: KEY.map((key) => ({ ...key, AttributeType: 'S' })),
}

/** The part of dynalite's storage interface that writes use; `at` is the key of the written item. */
function dynaliteStore(find: (key: Key) => WireItem | undefined, put: (item: WireItem) => void) {
  const store = {
    at: { pk: '', sk: '' },
    options: { maxItemSize: 409_600 },
    getTable: (_name: string, answer: (error: null, table: object) => void) => answer(null, TABLE),
    getItemDb: () => own,
  }
  const own = {
    lock: (_key: string, work: (release: (answer: Answer) => Answer) => void) => work((answer) => answer),
    get: (_key: string, answer: (error: Error | null, item?: WireItem) => void) => {
      const item = find(store.at)
      if (item) answer(null, item)
      else answer(Object.assign(new Error('not found'), { name: 'NotFoundError' }))
    },
    put: (_key: string, item: WireItem, answer: (error: Error | null) => void) => {
      put(item)
      answer(null)
    },
  }
  return store
}

type ScanRequest = Parsed & { Limit?: number; ExclusiveStartKey?: WireItem }

/** A page of all items, in an order of its own, as that of DynamoDB is: by the whole key. */
function scanOf(all: WireItem[], request: object, validate: (data: object) => void): QueryAnswer {
  const data: ScanRequest = { ...request }
  validate(data)
  const { ExclusiveStartKey, Limit, _filter: filter, _projection: projection } = data
  const placeOf = (item: WireItem): string => JSON.stringify(Object.values(keyOf(item)))
  const after = ExclusiveStartKey ? placeOf(ExclusiveStartKey) : ''
  const rest = all.filter((item) => placeOf(item) > after).sort((a, b) => (placeOf(a) < placeOf(b) ? -1 : 1))
  const page = rest.slice(0, Limit)
  const kept = filter ? page.filter((item) => db.matchesExprFilter(item, filter.expression)) : page
  const shown = projection ? kept.map((item) => db.mapPaths(projection.paths, item)) : kept
  const last = page.length < rest.length ? page.at(-1) : undefined
  return {
    Items: shown,
    Count: shown.length,
    ...(last ? { LastEvaluatedKey: { pk: last.pk, sk: last.sk } } : {}),
  }
}
