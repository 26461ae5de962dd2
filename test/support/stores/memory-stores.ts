import { unmarshall } from '@aws-sdk/util-dynamodb'
import { nodeIds } from '../../../functions/adapters/node-ids.ts'
import { appendNoted } from '../../../shared/app/audit/append-noted.ts'
import { REGISTRY_INDEXES, TASK_INDEXES } from '../../../shared/contracts/table-layout.ts'
import { PRICES } from '../../../shared/estimator/prices.ts'
import type { Ports } from '../../../shared/ports/index.ts'
import { memoryClient } from '../../../testing/memory/client.ts'
import { type Held, memoryFiles } from '../../../testing/memory/files.ts'
import { REGISTRY, storedPorts, TASKS } from '../../../testing/memory/stored-ports.ts'
import { memoryTable, type WireItem } from '../../../testing/memory/table.ts'
import { grantedPorts } from './granted-ports.ts'
import { portWith } from './ports-with.ts'

export class Killed extends Error {}

/**
 * All ports that store something, on tables in memory that answer at once, and a clock that stands still; the process that uses them may be ended at any of
 * their calls.
 */
export function memoryStores() {
  let time = Date.UTC(2026, 5, 1)
  let left = Number.POSITIVE_INFINITY
  const clock = { now: () => new Date(time) }
  const ids = nodeIds(clock)
  const tables = {
    [TASKS]: memoryTable(Object.values(TASK_INDEXES)),
    [REGISTRY]: memoryTable(Object.values(REGISTRY_INDEXES)),
  }
  const live = (): void => {
    left -= 1
    if (left < 0) throw new Killed()
  }
  const clients = [
    memoryClient(tables),
    memoryClient(tables, { unmarshallOptions: { wrapNumbers: (value: string) => value } }),
  ] as const
  const blobs = new Map<string, string>()
  const held = new Map<string, Held>()
  const objects = {
    async removeAll(prefix: string) {
      for (const stored of [blobs, held])
        for (const key of [...stored.keys()])
          if (key.startsWith(prefix)) {
            live()
            stored.delete(key)
          }
      return true
    },
  }
  const [client, readingText] = clients
  const stored = storedPorts({
    client,
    readingText,
    objects,
    blobs: {
      put: async (key, text) => void blobs.set(key, text),
      get: async (key) => {
        const text = blobs.get(key)
        if (text === undefined) throw new Error(`no blob ${key}`)
        return text
      },
    },
    clock,
    ids,
  })
  const granted = grantedPorts(stored, clients)
  // Added last, so that it runs first.
  for (const one of clients)
    one.middlewareStack.add(
      (next) => (args) => {
        live()
        return next(args)
      },
      { step: 'initialize', priority: 'high', name: 'mortal' },
    )
  const ports: Ports = {
    ...granted,
    clock,
    ids,
    prices: PRICES,
    auditWriter: { appendFor: (tenant) => appendNoted(ports)({ tenant }).then(() => true) },
    files: memoryFiles({}, ids, held),
    bus: { publish: async () => {}, deliver: async () => {} },
    executions: portWith<Ports['executions']>({ stop: async () => {}, start: async ({ name }) => name }),
    bell: { ring: async () => {} },
    handlers: { callHandler: async () => ({ handled: true }) },
    machines: portWith<Ports['machines']>({ remove: async () => true }),
  }
  const textOf = (item: WireItem): string => {
    const { pk, sk, status, ...rest } = unmarshall(item as never)
    return JSON.stringify({ pk, sk, status, ...rest }, (_key, value) =>
      value instanceof Set ? [...value] : (value as unknown),
    )
  }
  return {
    ports,
    client,
    pass: (milliseconds: number): void => {
      time += milliseconds
    },
    now: () => time,
    /** Ends the process after so many calls of a store. */
    killAfter: (calls: number): void => {
      left = calls
    },
    /** Every item, blob and file, as text with its key. */
    all: (): string[] => [
      ...Object.values(tables).flatMap((table) => table.items().map(textOf)),
      ...[...blobs].map(([key, text]) => `${key} ${text}`),
      ...[...held].map(([key, { bytes }]) => `${key} ${Buffer.from(bytes).toString()}`),
    ],
  }
}
