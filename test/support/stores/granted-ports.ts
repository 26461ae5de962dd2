import { AsyncLocalStorage } from 'node:async_hooks'
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { PORTS, type PortName } from '../../../functions/ports.ts'
import type { Grant, PortGrants } from '../../../shared/contracts/grants.ts'

type Call = { name: string; grants: readonly Grant[] }
type Key = { pk?: unknown }
type Input = {
  TableName?: string
  IndexName?: string
  Key?: Key
  Item?: Key
  RequestItems?: Record<string, { Keys?: readonly Key[] }>
  ExpressionAttributeValues?: Record<string, unknown>
}

const calls = new AsyncLocalStorage<Call>()

/**
 * Ports whose clients send only requests that the called method's grants allow (`*.grants.ts`); other requests fail as
 * in IAM. So every suite that runs on them also tests the grants. Requests that a test sends itself, outside of a
 * method, pass.
 */
export function grantedPorts<Given extends object>(
  ports: Given,
  clients: readonly DynamoDBDocumentClient[],
): Given {
  for (const client of clients)
    client.middlewareStack.add(
      (next, { commandName = '' }) =>
        (args) => {
          const call = calls.getStore()
          if (call) authorize(call, commandName, args.input as Input)
          return next(args)
        },
      // Runs before the in-memory client answers.
      { step: 'initialize', priority: 'high', name: 'granted', override: true },
    )
  return Object.fromEntries(
    Object.entries(ports).map(([name, port]) => [name, grantedPort(name as PortName, port as object)]),
  ) as Given
}

function grantedPort(name: PortName, port: object): object {
  const { methods }: PortGrants = PORTS[name]
  const granted =
    (method: string, run: (...args: unknown[]) => unknown) =>
    (...args: unknown[]): unknown =>
      calls.run({ name: `${name}.${method}`, grants: methods[method] ?? [] }, () => run.apply(port, args))
  return Object.fromEntries(
    Object.entries(port).map(([key, value]) => [
      key,
      typeof value === 'function' ? granted(key, value) : value,
    ]),
  )
}

/** Throws unless one of the grants allows the request. */
function authorize({ name, grants }: Call, command: string, input: Input): void {
  const action = `dynamodb:${command.replace(/Command$/, '')}`
  for (const table of input.RequestItems ? Object.keys(input.RequestItems) : [String(input.TableName)]) {
    const keys = keysIn(input, table)
    if (grants.some((grant) => allows(grant, { action, table, index: input.IndexName, keys }))) continue
    const on = `${table}${input.IndexName === undefined ? '' : `/index/${input.IndexName}`}`
    throw Object.assign(
      new Error(
        `${name} is not granted ${action} on ${on}, keys ${JSON.stringify(keys)}: see its *.grants.ts`,
      ),
      { name: 'AccessDeniedException' },
    )
  }
}

/** The partition keys of the items that a request touches. */
function keysIn({ Key, Item, RequestItems, ExpressionAttributeValues }: Input, table: string): unknown[] {
  const one = Key ?? Item
  if (one) return [one.pk]
  if (RequestItems) return (RequestItems[table]?.Keys ?? []).map(({ pk }) => pk)
  return [ExpressionAttributeValues?.[':pk']]
}

type Asked = { action: string; table: string; index: string | undefined; keys: readonly unknown[] }

function allows({ actions, on }: Grant, { action, table, index, keys }: Asked): boolean {
  if (on.kind !== 'table' || !(actions as readonly string[]).includes(action)) return false
  if (on.table !== table || on.index !== index) return false
  const { keys: granted } = on
  return (
    granted === undefined || keys.every((key) => granted.some((prefix) => textOf(key).startsWith(prefix)))
  )
}

const textOf = (key: unknown): string => (typeof key === 'string' ? key : String((key as { S?: string }).S))
