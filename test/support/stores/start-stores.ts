import { UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { dynamodbSteps } from '../../../functions/adapters/dynamodb/steps/steps.ts'
import { nodeIds, systemClock } from '../../../functions/adapters/node-ids.ts'
import { appendNoted } from '../../../shared/app/audit/append-noted.ts'
import { GATE_WRITE } from '../../../shared/compiler/gate-state.ts'
import { SUSPEND_WRITE } from '../../../shared/compiler/suspend-states.ts'
import { REGISTRY_INDEXES, TASK_INDEXES } from '../../../shared/contracts/table-layout.ts'
import { OrchestratorError } from '../../../shared/domain/errors.ts'
import type { DomainEvent } from '../../../shared/domain/event.ts'
import { PRICES } from '../../../shared/estimator/prices.ts'
import type { BlobStore, ExecutionState, Ports, Steps } from '../../../shared/ports/index.ts'
import { storedPorts } from '../../../testing/memory/stored-ports.ts'
import { grantedPorts } from './granted-ports.ts'
import { createTable, startDynamoDB } from './start-dynamodb.ts'

type Recorded = {
  events: DomainEvent[]
  executions: Map<string, ExecutionState>
  blobs: Map<string, string>
  /** Etags of files by key. */
  files: Map<string, string>
  /** Task tokens that were answered, in order. */
  woken: string[]
  /** Messages to agents of which the deliverer was told, in order. */
  rung: { taskId: string; id: string }[]
  machines: Map<string, object>
}

type Stores = {
  ports: Ports
  recorded: Recorded
  /** The steps as another worker sees them, without this worker's cache. */
  stepsOfAnother(): Steps
  /** Stores a token as a gate's state does; false if the gate is open already. */
  waitAt(taskId: string, before: string, token: string, producers: number): Promise<boolean>
  /** Stores a token as the waiting state of a suspended step does; false if it was woken already. */
  suspendAt(taskId: string, path: string, token: string, n: number): Promise<boolean>
  stop(): Promise<void>
}

/** All ports for use cases: the real DynamoDB adapters on the embedded DynamoDB, the rest in memory and recorded. */
export async function startStores(): Promise<Stores> {
  const { client, readingText, stop } = await startDynamoDB()
  await Promise.all([
    createTable(client, 'tasks', TASK_INDEXES),
    createTable(client, 'registry', REGISTRY_INDEXES),
  ])
  const recorded: Recorded = {
    events: [],
    executions: new Map(),
    blobs: new Map(),
    files: new Map(),
    woken: [],
    rung: [],
    machines: new Map(),
  }
  const ids = nodeIds(systemClock)
  const blobs = memoryBlobs(recorded.blobs)
  const objects = { removeAll: async (prefix: string) => removeFrom(recorded, prefix) }
  const stepsOfAnother = () => dynamodbSteps({ client, table: 'tasks' })
  const ports: Ports = {
    clock: systemClock,
    ids,
    prices: PRICES,
    ...grantedPorts(storedPorts({ client, readingText, blobs, objects, clock: systemClock, ids }), [
      client,
      readingText,
    ]),
    auditWriter: { appendFor: (tenant) => appendNoted(ports)({ tenant }).then(() => true) },
    files: {
      list: async (key) => {
        const etag = recorded.files.get(key)
        return etag === undefined ? [] : [{ key, bytes: 1, etag }]
      },
      page: async (prefix, { after = '', limit }) =>
        [...recorded.files]
          .filter(([key]) => key.startsWith(prefix) && key > after)
          .sort()
          .slice(0, limit)
          .map(([key, etag]) => ({ key, bytes: 1, etag })),
      read: async () => new Uint8Array(),
      open: async () => {
        throw new OrchestratorError('NotFoundError', 'these files have no content')
      },
      write: async (key) => {
        recorded.files.set(key, 'written')
        return { key, bytes: 0, etag: 'written' }
      },
      presignDownload: async (key) => `http://download/${key}`,
      presignUpload: async (key) => ({ url: 'http://upload', fields: { key } }),
    },
    bus: {
      publish: async (events) => void recorded.events.push(...events),
      deliver: async (event) => void recorded.events.push(event),
    },
    executions: {
      start: async ({ name }) => {
        recorded.executions.set(name, { status: 'RUNNING' })
        return name
      },
      find: async ({ name }) => recorded.executions.get(name),
      wake: async (token) => void recorded.woken.push(token),
      beat: async () => {},
      stop: async ({ name }) => void recorded.executions.set(name, { status: 'ABORTED' }),
    },
    bell: { ring: async ({ taskId, id }) => void recorded.rung.push({ taskId, id }) },
    handlers: { callHandler: async () => ({ handled: true }) },
    machines: {
      arnOf: (name) => `arn:aws:states:us-east-1:123456789012:stateMachine:${name}`,
      ensure: async ({ name, definition }) => {
        recorded.machines.set(name, definition)
        return `arn:aws:states:us-east-1:123456789012:stateMachine:${name}`
      },
      publish: async (arn) => `${arn}:1`,
      remove: async (name) => recorded.machines.delete(name),
    },
  }
  const waitAt: Stores['waitAt'] = async (taskId, before, token, producers) => {
    const update = new UpdateCommand({
      TableName: 'tasks',
      Key: { pk: `TASK#${taskId}`, sk: `GATE#${before}` },
      ...GATE_WRITE,
      ExpressionAttributeValues: { ':t': token, ':n': producers, ':f': '2026#1000' },
    })
    return client.send(update).then(
      () => true,
      () => false,
    )
  }
  const suspendAt: Stores['suspendAt'] = async (taskId, path, token, n) => {
    const update = new UpdateCommand({
      TableName: 'tasks',
      Key: { pk: `TASK#${taskId}`, sk: `WAKE#${path}` },
      ...SUSPEND_WRITE,
      ExpressionAttributeValues: { ':t': token, ':n': n, ':f': '1000#1000001#1000' },
    })
    return client.send(update).then(
      () => true,
      () => false,
    )
  }
  return { ports, recorded, stepsOfAnother, waitAt, suspendAt, stop }
}

function removeFrom({ blobs, files }: Recorded, prefix: string): boolean {
  for (const stored of [blobs, files])
    for (const key of [...stored.keys()]) if (key.startsWith(prefix)) stored.delete(key)
  return true
}

function memoryBlobs(blobs: Map<string, string>): BlobStore {
  return {
    put: async (key, text) => void blobs.set(key, text),
    get: async (key) => {
      const text = blobs.get(key)
      if (text === undefined) throw new OrchestratorError('NotFoundError', `no blob ${key}`)
      return text
    },
  }
}
