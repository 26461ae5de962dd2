import { createRequire } from 'node:module'
import {
  BatchGetCommand,
  DeleteCommand,
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb'
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb'
import { rememberExpressions } from '../../../local/dynamodb/remember-expressions.ts'
import { documentClientWith } from '../cloud/replaced-send.ts'

const require = createRequire(import.meta.url)
rememberExpressions()
type Item = Record<string, unknown>
type Outcome = { error: Error | null; attributes: Item }
type Answer = (error: Error | null, answer?: { Attributes?: Item }) => void
type Action = (store: object, data: object, answer: Answer) => void
type Validation = { custom(data: object, store: object): string | undefined }

const validations = {
  put: require('dynalite/validations/putItem') as Validation,
  update: require('dynalite/validations/updateItem') as Validation,
}
const actions = {
  put: require('dynalite/actions/putItem') as Action,
  update: require('dynalite/actions/updateItem') as Action,
}

export type UpdateParameters = { TableName: string; Key: Item } & Record<string, unknown>

/**
 * A table that answers synchronously, so that virtual time can stand still: dynalite's own expressions and updates on a
 * map instead of its storage.
 */
export function immediateTable(items = new Map<string, Item>()) {
  const write = (kind: 'put' | 'update', parameters: object): Item => {
    const data: object = structuredClone(parameters)
    const store = storeOf(items)
    const wrong = validations[kind].custom(data, store)
    if (wrong) throw new Error(wrong)
    let outcome: Outcome | undefined
    const { ReturnValues = kind === 'put' ? 'NONE' : 'ALL_NEW' } = data as { ReturnValues?: string }
    actions[kind](store, { ...data, ReturnValues }, (error, answer) => {
      outcome = { error, attributes: answer?.Attributes ?? {} }
    })
    if (!outcome) throw new Error('the table did not answer at once')
    if (outcome.error) throw Object.assign(outcome.error, { name: 'ConditionalCheckFailedException' })
    return outcome.attributes
  }
  return { items, update: (parameters: UpdateParameters) => write('update', parameters), write }
}
export type ImmediateTable = ReturnType<typeof immediateTable>

/** The subset of a client that the adapters of tasks use for single items, on this table. */
export function clientOf({ items, write }: ImmediateTable): DynamoDBDocumentClient {
  const named = (name: string, item: Item): string => (item[name] as { S: string }).S
  const isAt = (item: Item, { pk, sk }: Item): boolean => named('pk', item) === pk && named('sk', item) === sk
  const select = (pk: unknown, isWanted: (sk: string) => boolean): Item[] =>
    [...items.values()]
      .filter((item) => named('pk', item) === pk && isWanted(named('sk', item)))
      .map((item) => unmarshall(item as never))
  const find = (key: Item = {}): Item | undefined => select(key.pk, (sk) => sk === key.sk)[0]
  return documentClientWith(async (command) => {
    if (command instanceof GetCommand) return { Item: find(command.input.Key) }
    if (command instanceof BatchGetCommand) {
      const [[table = '', { Keys = [] } = {}] = []] = Object.entries(command.input.RequestItems ?? {})
      return { Responses: { [table]: Keys.flatMap((key) => find(key) ?? []) } }
    }
    if (command instanceof QueryCommand) {
      const { ':pk': pk, ':kind': kind, ...others } = command.input.ExpressionAttributeValues ?? {}
      if (kind !== undefined)
        return {
          Items: [...items.values()]
            .map((item) => unmarshall(item as never))
            .filter(({ kindKey }) => kindKey === kind),
        }
      const [prefix = ''] = Object.values(others)
      const found = select(pk, (sk) => sk.startsWith(String(prefix)))
      return { Items: found.sort((a, b) => (String(a.sk) < String(b.sk) ? -1 : 1)) }
    }
    if (command instanceof DeleteCommand) {
      for (const [key, item] of items) if (isAt(item, command.input.Key ?? {})) items.delete(key)
      return {}
    }
    if (command instanceof PutCommand) return write('put', wireOf(command.input))
    if (command instanceof UpdateCommand) {
      const attributes = unmarshall(write('update', wireOf(command.input)) as never)
      // An item that did not exist has no attributes.
      return Object.keys(attributes).length > 0 ? { Attributes: attributes } : {}
    }
    throw new Error(`the table does not know ${command.constructor.name}`)
  })
}

/** Values in DynamoDB's wire format. */
function wireOf(input: object): object {
  const marshalled = ['Key', 'Item', 'ExpressionAttributeValues']
  return Object.fromEntries(
    Object.entries(input).map(([name, value]) => [
      name,
      marshalled.includes(name) && value ? marshall(value, { removeUndefinedValues: true }) : value,
    ]),
  )
}

const KEY = [{ AttributeName: 'pk' }, { AttributeName: 'sk' }]
const TABLE = {
  KeySchema: KEY.map((key, at) => ({ ...key, KeyType: at === 0 ? 'HASH' : 'RANGE' })),
  AttributeDefinitions: KEY.map((key) => ({ ...key, AttributeType: 'S' })),
}

/** The subset of dynalite's storage that an update uses. */
function storeOf(items: Map<string, Item>): object {
  const own = {
    lock: (_key: string, work: (release: (answer: Answer) => Answer) => void) => work((answer) => answer),
    get: (key: string, answer: (error: Error | null, item?: Item) => void) => {
      const item = items.get(key)
      if (item) answer(null, item)
      else answer(Object.assign(new Error('not found'), { name: 'NotFoundError' }))
    },
    put: (key: string, item: Item, answer: (error: Error | null) => void) => {
      items.set(key, item)
      answer(null)
    },
  }
  return {
    options: { maxItemSize: 409_600 },
    getTable: (_name: string, answer: (error: null, table: object) => void) => answer(null, TABLE),
    getItemDb: () => own,
  }
}
