import { asText, type JournalEntry } from '../run/history.ts'
import {
  type ExecutionRow,
  type ExecutionStore,
  machineArnOf,
  type StateMachine,
  versionNumberOf,
} from './execution-store.ts'

/** Stores everything in memory: for tests, and where nothing has to outlive the process. */
export function memoryStore(): ExecutionStore {
  const machines = new Map<string, StateMachine>()
  const rows = new Map<string, ExecutionRow>()
  const definitions = new Map<string, string>()
  const journals = new Map<string, JournalEntry[]>()

  const row = (arn: string): ExecutionRow => {
    const found = rows.get(arn)
    if (!found) throw new Error(`there is no execution ${arn}`)
    return found
  }
  const page = <T>(all: T[], { from, limit }: { from: number; limit: number }): T[] =>
    all.slice(from, from + limit)

  const versionsOf = (arn: string): StateMachine[] =>
    [...machines.values()]
      .filter(({ stateMachineArn }) => stateMachineArn !== arn && machineArnOf(stateMachineArn) === arn)
      .sort((a, b) => versionNumberOf(b.stateMachineArn) - versionNumberOf(a.stateMachineArn))

  return {
    putMachine: (machine) => void machines.set(machine.stateMachineArn, machine),
    findMachine: (arn) => machines.get(arn),
    listMachines: () =>
      [...machines.values()].filter(({ stateMachineArn }) => versionNumberOf(stateMachineArn) === 0),
    listVersions: (arn) => versionsOf(arn),
    deleteMachine(arn) {
      for (const { stateMachineArn } of versionsOf(arn)) machines.delete(stateMachineArn)
      machines.delete(arn)
    },

    insert(inserted, definition) {
      definitions.set(inserted.executionArn, definition)
      rows.set(inserted.executionArn, { ...inserted })
      journals.set(inserted.executionArn, [])
    },
    definitionOf: (arn) => definitions.get(arn) ?? '',
    find: (arn) => rows.get(arn),
    list({ stateMachineArn, mapRunArn, status }, { from, limit }) {
      const fits = (one: ExecutionRow): boolean =>
        (mapRunArn === undefined ? one.stateMachineArn === stateMachineArn : true) &&
        one.mapRunArn === mapRunArn &&
        (status === undefined || one.status === status)
      return page([...rows.values()].filter(fits).reverse(), { from, limit })
    },
    listUnfinished: () =>
      [...rows.values()].filter(({ status, announced }) => status === 'RUNNING' || !announced),
    end(arn, { status, output, error, cause }, stoppedAt) {
      const ended = row(arn)
      ended.status = status
      ended.stoppedAt = stoppedAt
      ended.announced = false
      if (status === 'SUCCEEDED') ended.output = asText(output)
      if (error !== undefined) ended.error = error
      if (cause !== undefined) ended.cause = cause
    },
    redrive(arn, { redrivenAt, startedBy }, entry) {
      const { stoppedAt: _stoppedAt, error: _error, cause: _cause, ...rest } = row(arn)
      const redriveCount = rest.redriveCount + 1
      const by = startedBy === undefined ? {} : { startedBy }
      rows.set(arn, { ...rest, ...by, status: 'RUNNING', redrivenAt, redriveCount, announced: false })
      journals.get(arn)?.push(entry)
    },
    setAnnounced(arn) {
      row(arn).announced = true
    },

    append: (arn, entry) => void journals.get(arn)?.push(entry),
    journal: (arn) => [...(journals.get(arn) ?? [])],
    events(arn, { from, limit, reverse }) {
      const events = (journals.get(arn) ?? []).flatMap(({ event }) => (event ? [event] : []))
      return page(reverse ? events.reverse() : events, { from, limit })
    },
    close() {},
  }
}
