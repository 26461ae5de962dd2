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
}
const actions = { put: actionOf('putItem'), update: actionOf('updateItem') }

/** The key names of a secondary index; items without one of the keys are not in it. */
export type MemoryIndex = { name: string; partition: string; sort: string }
export type QueryAnswer = { Items?: WireItem[]; Count: number; LastEvaluatedKey?: WireItem }

export type MemoryTable = {
  get(key: WireItem): WireItem | undefined
  put(request: object): WireItem
  update(request: object): WireItem
  delete(request: object): void
  query(request: object): QueryAnswer
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

  /** The items that match a query, in the order of their keys. */
  function among(index: MemoryIndex | undefined, conditions: WireItem): WireItem[] {
    const [first, last] = index ? [index.partition, index.sort] : ['pk', 'sk']
    const { AttributeValueList } = conditions[first] as { AttributeValueList: [{ S: string }] }
    const wanted = AttributeValueList[0].S
    const all = index ? items() : [...(partitions.get(wanted)?.values() ?? [])]
    const text = (item: WireItem, name: string): string | undefined =>
      (item[name] as { S?: string } | undefined)?.S
    return all
      .filter((item) => text(item, first) === wanted && text(item, last) !== undefined)
      .sort((a, b) => Buffer.compare(Buffer.from(text(a, last) ?? ''), Buffer.from(text(b, last) ?? '')))
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
      const found = among(index, KeyConditions).filter((item) => db.matchesFilter(item, KeyConditions))
      if (!ScanIndexForward) found.reverse()
      const after = ExclusiveStartKey && keyOf(ExclusiveStartKey)
      const from = after
        ? 1 + found.findIndex((item) => keyOf(item).pk === after.pk && keyOf(item).sk === after.sk)
        : 0
      const page = found.slice(from, Limit === undefined ? undefined : from + Limit)
      const filter = data._filter
      const kept = filter ? page.filter((item) => db.matchesExprFilter(item, filter.expression)) : page
      const projection = data._projection
      const shown = projection ? kept.map((item) => db.mapPaths(projection.paths, item)) : kept
      const last = from + page.length < found.length ? page.at(-1) : undefined
      return {
        ...(Select === 'COUNT' ? {} : { Items: shown }),
        Count: kept.length,
        ...(last ? { LastEvaluatedKey: { pk: last.pk, sk: last.sk } } : {}),
      }
    },
    items: () => structuredClone(items()),
  }
}

const keyOf = (item: WireItem): Key => ({
  pk: (item.pk as { S: string }).S,
  sk: (item.sk as { S: string }).S,
})

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
