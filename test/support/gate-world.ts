import { createRequire } from 'node:module'
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb'
import { gateItems } from '../../functions/adapters/dynamodb-gate-items.ts'
import type { Integrations } from '../../local/stepfunctions/integrations/integration.ts'
import { StateError } from '../../local/stepfunctions/state-error.ts'
import { signalGates } from '../../shared/app/signal-gates.ts'
import type { Gate } from '../../shared/domain/plan.ts'

const require = createRequire(import.meta.url)
type Item = Record<string, unknown>
type Answer = (error: Error | null, answer?: { Attributes?: Item }) => void
const validateUpdate = require('dynalite/validations/updateItem') as {
  custom(data: object): string | undefined
}
const applyUpdate = require('dynalite/actions/updateItem') as (
  store: object,
  data: object,
  answer: Answer,
) => void

export type UpdateParameters = { TableName: string; Key: Item } & Record<string, unknown>

/**
 * A table that answers at once, so that virtual time can stand still meanwhile: dynalite's own expressions and updates on a
 * map in place of its storage.
 */
export function immediateTable(items = new Map<string, Item>()) {
  const update = (parameters: UpdateParameters): Item => {
    const data = structuredClone(parameters)
    const wrong = validateUpdate.custom(data)
    if (wrong) throw new Error(wrong)
    let outcome: { error: Error | null; attributes: Item } | undefined
    applyUpdate(storeOf(items), { ...data, ReturnValues: 'ALL_NEW' }, (error, answer) => {
      outcome = { error, attributes: answer?.Attributes ?? {} }
    })
    if (!outcome) throw new Error('the table did not answer at once')
    if (outcome.error) throw Object.assign(outcome.error, { name: 'ConditionalCheckFailedException' })
    return outcome.attributes
  }
  return { items, update }
}
export type ImmediateTable = ReturnType<typeof immediateTable>

const KEY = [{ AttributeName: 'pk' }, { AttributeName: 'sk' }]
const TABLE = {
  KeySchema: KEY.map((key, at) => ({ ...key, KeyType: at === 0 ? 'HASH' : 'RANGE' })),
  AttributeDefinitions: KEY.map((key) => ({ ...key, AttributeType: 'S' })),
}

/** As much of dynalite's storage as an update asks for. */
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

/** The state's write of a gate, as the engine would make it. */
export function gateIntegration(table: ImmediateTable): Integrations {
  return {
    'aws-sdk:dynamodb:updateItem': async ({ arguments: parameters }) => {
      try {
        table.update(parameters as UpdateParameters)
        return {}
      } catch (error) {
        throw new StateError('DynamoDb.ConditionalCheckFailedException', String(error))
      }
    },
  }
}

/** The host's part of the protocol: the use case and the adapter that run on AWS, on this table. */
export function gateSignals(table: ImmediateTable, wake: (token: string) => void) {
  const client = {
    send: async ({ input }: { input: { Key: object; ExpressionAttributeValues: object } & object }) => ({
      Attributes: unmarshall(
        table.update({
          ...input,
          TableName: 'tasks',
          Key: marshall(input.Key),
          ExpressionAttributeValues: marshall(input.ExpressionAttributeValues),
        }) as never,
      ),
    }),
  } as unknown as DynamoDBDocumentClient
  const tasks = gateItems({ client, table: 'tasks' })
  const ports = { tasks, executions: { wake: async (token: string) => wake(token) } }
  return (plan: { taskId: string; gates: Gate[] }, stepId: string): Promise<void> =>
    signalGates(ports as unknown as Parameters<typeof signalGates>[0], plan, stepId)
}
