import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { ExecutionRow, ExecutionStore } from '../../local/stepfunctions/store/execution-store.ts'
import { memoryStore } from '../../local/stepfunctions/store/memory-store.ts'
import { sqliteStore } from '../../local/stepfunctions/store/sqlite-store.ts'

const folder = mkdtempSync(join(tmpdir(), 'store-'))
afterAll(() => rmSync(folder, { recursive: true }))

let files = 0
const newFile = (): string => join(folder, `${++files}.sqlite`)
const PAGE = { from: 0, limit: 100 }
const MACHINE = 'arn:aws:states:us-east-1:1:stateMachine:m'

function row(name: string, more: Partial<ExecutionRow> = {}): ExecutionRow {
  return {
    executionArn: `arn:aws:states:us-east-1:1:execution:m:${name}`,
    stateMachineArn: MACHINE,
    name,
    roleArn: 'role',
    input: '{"a":1}',
    startedAt: Date.now(),
    status: 'RUNNING',
    redriveCount: 0,
    announced: false,
    ...more,
  }
}
const event = (id: number, type = 'PassStateEntered') => ({
  id,
  previousEventId: id - 1,
  timestamp: id,
  type,
})

describe.each<[string, () => ExecutionStore]>([
  ['in memory', memoryStore],
  ['in SQLite', () => sqliteStore(newFile())],
])('the execution store %s', (_name, open) => {
  it('keeps machines, the last version of each', () => {
    const store = open()
    const machine = {
      stateMachineArn: MACHINE,
      name: 'm',
      definition: '{}',
      roleArn: 'r',
      createdAt: 1,
      updatedAt: 1,
      revisionId: 'x',
    }
    store.putMachine(machine)
    store.putMachine({ ...machine, definition: '{"v":2}' })
    expect(store.findMachine(MACHINE)).toEqual({ ...machine, definition: '{"v":2}' })
    expect(store.listMachines()).toHaveLength(1)
    store.deleteMachine(MACHINE)
    expect(store.findMachine(MACHINE)).toBeUndefined()
    store.close()
  })

  it('keeps versions apart from machines, newest first, and deletes them with theirs', () => {
    const store = open()
    const machine = { name: 'm', definition: '{}', roleArn: 'r', createdAt: 1, updatedAt: 1, revisionId: 'x' }
    const arns = [
      MACHINE,
      ...[1, 2, 10].map((number) => `${MACHINE}:${number}`),
      `${MACHINE}2`,
      `${MACHINE}2:1`,
    ]
    for (const stateMachineArn of arns) store.putMachine({ ...machine, stateMachineArn })
    const arnsOf = (machines: { stateMachineArn: string }[]) => machines.map((one) => one.stateMachineArn)
    expect(arnsOf(store.listMachines()).sort()).toEqual([MACHINE, `${MACHINE}2`])
    expect(arnsOf(store.listVersions(MACHINE))).toEqual([10, 2, 1].map((number) => `${MACHINE}:${number}`))
    store.deleteMachine(`${MACHINE}:2`)
    expect(arnsOf(store.listVersions(MACHINE))).toEqual([`${MACHINE}:10`, `${MACHINE}:1`])
    store.deleteMachine(MACHINE)
    expect(store.findMachine(`${MACHINE}:10`)).toBeUndefined()
    expect(store.findMachine(`${MACHINE}2:1`)).toBeDefined()
    store.insert(row('of a version', { stateMachineVersionArn: `${MACHINE}2:1` }), '{}')
    expect(store.find(row('of a version').executionArn)).toMatchObject({
      stateMachineVersionArn: `${MACHINE}2:1`,
    })
    store.close()
  })

  it('keeps executions with the definition that they were started with, and lists them newest first', () => {
    const store = open()
    store.insert(row('one'), '{"v":1}')
    store.insert(row('two'), '{"v":2}')
    store.insert(row('child', { mapRunArn: 'run' }), '{"v":1}')
    expect(store.definitionOf(row('one').executionArn)).toBe('{"v":1}')
    expect(store.find(row('two').executionArn)).toMatchObject({
      name: 'two',
      status: 'RUNNING',
      announced: false,
    })
    expect(store.find('no such')).toBeUndefined()
    expect(store.list({ stateMachineArn: MACHINE }, PAGE).map(({ name }) => name)).toEqual(['two', 'one'])
    expect(store.list({ stateMachineArn: MACHINE }, { from: 1, limit: 1 }).map(({ name }) => name)).toEqual([
      'one',
    ])
    expect(store.list({ mapRunArn: 'run' }, PAGE).map(({ name }) => name)).toEqual(['child'])
    store.close()
  })

  it('records ends, notifies listeners, and redrives', () => {
    const store = open()
    const { executionArn } = row('one')
    store.insert(row('one'), '{}')
    store.setAnnounced(executionArn)
    store.end(executionArn, { status: 'FAILED', error: 'E', cause: 'C' }, 5)
    expect(store.find(executionArn)).toMatchObject({
      status: 'FAILED',
      error: 'E',
      cause: 'C',
      stoppedAt: 5,
      announced: false,
    })
    expect(store.listUnfinished()).toHaveLength(1)
    store.setAnnounced(executionArn)
    expect(store.listUnfinished()).toHaveLength(0)
    store.redrive(executionArn, { redrivenAt: 7, startedBy: 'me' }, { place: 'redrive 0', event: event(1) })
    expect(store.journal(executionArn)).toHaveLength(1)
    const redriven = store.find(executionArn)
    expect(redriven).toMatchObject({ status: 'RUNNING', redriveCount: 1, redrivenAt: 7, startedBy: 'me' })
    expect(redriven).not.toHaveProperty('error')
    expect(redriven).not.toHaveProperty('stoppedAt')
    store.end(executionArn, { status: 'SUCCEEDED', output: { b: [1] } }, 9)
    expect(store.find(executionArn)).toMatchObject({ status: 'SUCCEEDED', output: '{"b":[1]}' })
    expect(store.list({ stateMachineArn: MACHINE, status: 'FAILED' }, PAGE)).toEqual([])
    store.close()
  })

  it('keeps the journal in order, and pages its events both ways', () => {
    const store = open()
    const { executionArn } = row('one')
    store.insert(row('one'), '{}')
    const entries = [
      { place: '0>', event: event(1) },
      { place: '0r', note: { due: 3 } },
      { place: '0<', event: event(2), note: 'next' },
      { place: '1>', event: event(3) },
    ]
    for (const entry of entries) store.append(executionArn, entry)
    expect(store.journal(executionArn)).toEqual(entries)
    const ids = (from: number, limit: number, reverse: boolean) =>
      store.events(executionArn, { from, limit, reverse }).map(({ id }) => id)
    expect([ids(0, 2, false), ids(2, 2, false), ids(0, 2, true)]).toEqual([[1, 2], [3], [3, 2]])
    store.close()
  })
})

describe('the execution store in SQLite', () => {
  it('has everything after a restart, and continues its numbering', () => {
    const file = newFile()
    const { executionArn } = row('one')
    const store = sqliteStore(file)
    store.insert(row('one'), '{"v":1}')
    store.append(executionArn, { place: '0>', event: event(1) })
    store.close()
    const next = sqliteStore(file)
    next.append(executionArn, { place: '0<', event: event(2) })
    expect(next.find(executionArn)).toEqual({ ...row('one'), startedAt: expect.any(Number) })
    expect(next.journal(executionArn).map(({ place }) => place)).toEqual(['0>', '0<'])
    next.close()
  })

  it('refuses a file that another process has locked, and one of another version, with the reason', () => {
    const file = newFile()
    const store = sqliteStore(file)
    expect(() => sqliteStore(file)).toThrow(/cannot be used: database is locked/)
    store.close()
  })

  it('deletes executions that ended longer ago than AWS keeps them', () => {
    const file = newFile()
    const store = sqliteStore(file)
    store.insert(row('old'), '{}')
    store.append(row('old').executionArn, { place: '0>', event: event(1) })
    store.end(row('old').executionArn, { status: 'SUCCEEDED', output: {} }, Date.now() - 91 * 86_400_000)
    store.insert(row('new'), '{}')
    store.close()
    const next = sqliteStore(file)
    expect(next.list({ stateMachineArn: MACHINE }, PAGE).map(({ name }) => name)).toEqual(['new'])
    expect(next.journal(row('old').executionArn)).toEqual([])
    next.close()
  })
})
