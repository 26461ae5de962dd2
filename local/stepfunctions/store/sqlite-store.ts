import { createHash } from 'node:crypto'
import { DatabaseSync } from 'node:sqlite'
import { asText, type HistoryEvent, type JournalEntry } from '../run/history.ts'
import {
  type ExecutionRow,
  type ExecutionStore,
  type StateMachine,
  versionNumberOf,
} from './execution-store.ts'

const SCHEMA_VERSION = 2
const SCHEMA = `
CREATE TABLE machines (
  stateMachineArn TEXT PRIMARY KEY, name TEXT NOT NULL, definition TEXT NOT NULL, roleArn TEXT NOT NULL,
  createdAt INTEGER NOT NULL, updatedAt INTEGER NOT NULL, revisionId TEXT NOT NULL
);
CREATE TABLE definitions (digest TEXT PRIMARY KEY, text TEXT NOT NULL);
CREATE TABLE executions (
  id INTEGER PRIMARY KEY, executionArn TEXT NOT NULL UNIQUE, stateMachineArn TEXT NOT NULL, name TEXT NOT NULL,
  roleArn TEXT NOT NULL, digest TEXT NOT NULL, input TEXT NOT NULL, startedAt INTEGER NOT NULL, status TEXT NOT NULL,
  stoppedAt INTEGER, output TEXT, error TEXT, cause TEXT, redrivenAt INTEGER, redriveCount INTEGER NOT NULL,
  mapRunArn TEXT, startedBy TEXT, announced INTEGER NOT NULL, stateMachineVersionArn TEXT
);
CREATE INDEX executionsByMachine ON executions (stateMachineArn, id);
CREATE INDEX executionsByMapRun ON executions (mapRunArn, id) WHERE mapRunArn IS NOT NULL;
CREATE INDEX executionsUnfinished ON executions (id) WHERE status = 'RUNNING' OR announced = 0;
CREATE TABLE journal (
  executionArn TEXT NOT NULL, sequence INTEGER NOT NULL, eventId INTEGER, place TEXT NOT NULL, event TEXT, note TEXT,
  PRIMARY KEY (executionArn, sequence)
) WITHOUT ROWID;
PRAGMA user_version = ${SCHEMA_VERSION};
`

/** Upgrades the former schema. */
const MIGRATION = `ALTER TABLE executions ADD COLUMN stateMachineVersionArn TEXT; PRAGMA user_version = ${SCHEMA_VERSION};`

/** Ended executions are deleted after 90 days, as in AWS. */
const KEPT_MILLISECONDS = 90 * 86_400_000

type Row = Record<string, unknown>

/**
 * Stores everything in one SQLite file. With a write-ahead log and `synchronous = NORMAL`, writes survive the end
 * of the process at any instant; `FULL` (`survive: 'power-cut'`) also that of the machine, at a tenth of the speed.
 * Throws when the file has another schema version, or another process has it locked.
 */
export function sqliteStore(
  path: string,
  { survive = 'process' }: { survive?: 'process' | 'power-cut' } = {},
): ExecutionStore {
  const database = open(path, survive)
  const statement = statements(database)
  const sequences = new Map<string, number>()

  const nextSequence = (arn: string): number => {
    const known = sequences.get(arn) ?? Number((statement.lastSequence.get(arn) as Row).last ?? 0)
    sequences.set(arn, known + 1)
    return known + 1
  }

  const append: ExecutionStore['append'] = (arn, { place, event, note }) => {
    const texts = [event ? JSON.stringify(event) : null, note === undefined ? null : JSON.stringify(note)]
    statement.append.run(arn, nextSequence(arn), event?.id ?? null, place, ...texts)
  }

  return {
    putMachine(machine) {
      const { stateMachineArn, name, definition, roleArn, createdAt, updatedAt, revisionId } = machine
      statement.putMachine.run(stateMachineArn, name, definition, roleArn, createdAt, updatedAt, revisionId)
    },
    findMachine: (arn) => statement.findMachine.get(arn) as StateMachine | undefined,
    listMachines: () =>
      (statement.listMachines.all() as unknown as StateMachine[]).filter(
        ({ stateMachineArn }) => versionNumberOf(stateMachineArn) === 0,
      ),
    listVersions: (arn) =>
      (statement.listVersions.all(arn, arn) as unknown as StateMachine[]).sort(
        (a, b) => versionNumberOf(b.stateMachineArn) - versionNumberOf(a.stateMachineArn),
      ),
    deleteMachine: (arn) => void statement.deleteMachine.run(arn, arn, arn),

    insert(row, definition) {
      const digest = digestOf(definition)
      statement.putDefinition.run(digest, definition)
      const { executionArn, stateMachineArn, name, roleArn, input, startedAt, status } = row
      statement.insert.run(
        ...[executionArn, stateMachineArn, name, roleArn, digest, input, startedAt, status],
        ...[row.redriveCount, row.mapRunArn ?? null, row.startedBy ?? null, row.announced ? 1 : 0],
        row.stateMachineVersionArn ?? null,
      )
      sequences.set(executionArn, 0)
    },
    definitionOf: (arn) => String(statement.definitionOf.get(arn)?.text),
    find: (arn) => rowOf(statement.find.get(arn)),
    list({ stateMachineArn, mapRunArn, status }, { from, limit }) {
      const found =
        mapRunArn === undefined
          ? statement.listByMachine.all(stateMachineArn ?? '', status ?? null, status ?? null, limit, from)
          : statement.listByMapRun.all(mapRunArn, status ?? null, status ?? null, limit, from)
      return found.map((row) => rowOf(row) as ExecutionRow)
    },
    listUnfinished: () => statement.listUnfinished.all().map((row) => rowOf(row) as ExecutionRow),
    end(arn, { status, output, error, cause }, stoppedAt) {
      const text = status === 'SUCCEEDED' ? asText(output) : null
      statement.end.run(status, stoppedAt, text, error ?? null, cause ?? null, arn)
      sequences.delete(arn)
    },
    redrive(arn, { redrivenAt, startedBy }, entry) {
      database.exec('BEGIN')
      try {
        statement.redrive.run(redrivenAt, startedBy ?? null, arn)
        append(arn, entry)
        database.exec('COMMIT')
      } catch (error) {
        database.exec('ROLLBACK')
        throw error
      }
    },
    setAnnounced: (arn) => void statement.setAnnounced.run(arn),

    append,
    journal: (arn) => statement.journal.all(arn).map(entryOf),
    events(arn, { from, limit, reverse }) {
      const chosen = reverse ? statement.eventsReversed : statement.events
      return chosen.all(arn, limit, from).map(({ event }) => JSON.parse(String(event)) as HistoryEvent)
    },
    close: () => database.close(),
  }
}

const digests = new Map<string, string>()
const MAX_DIGESTS = 100

/** Definitions are large but few, so they are stored once, by digest. */
function digestOf(definition: string): string {
  const known = digests.get(definition)
  if (known) return known
  const digest = createHash('sha256').update(definition).digest('hex')
  if (digests.size >= MAX_DIGESTS) digests.clear()
  digests.set(definition, digest)
  return digest
}

function open(path: string, survive: 'process' | 'power-cut'): DatabaseSync {
  const database = new DatabaseSync(path)
  try {
    database.exec(`PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL;
      PRAGMA synchronous = ${survive === 'process' ? 'NORMAL' : 'FULL'}`)
    const { user_version: version } = database.prepare('PRAGMA user_version').get() as Row
    if (version === 0) database.exec(`BEGIN; ${SCHEMA} COMMIT`)
    else if (version === SCHEMA_VERSION - 1) database.exec(`BEGIN; ${MIGRATION} COMMIT`)
    else if (version !== SCHEMA_VERSION) {
      throw new Error(`it has version ${String(version)}, this program needs ${SCHEMA_VERSION}`)
    }
    const oldest = Date.now() - KEPT_MILLISECONDS
    database.exec(`DELETE FROM journal WHERE executionArn IN (SELECT executionArn FROM executions WHERE stoppedAt < ${oldest});
      DELETE FROM executions WHERE stoppedAt < ${oldest};
      DELETE FROM definitions WHERE digest NOT IN (SELECT digest FROM executions)`)
    return database
  } catch (error) {
    database.close()
    throw new Error(`the executions in ${path} cannot be used: ${(error as Error).message}`, { cause: error })
  }
}

function statements(database: DatabaseSync) {
  const executions = 'SELECT * FROM executions'
  // A version's ARN is the machine's, a colon and a number; `;` is the character after the colon.
  const versions = `stateMachineArn > ? || ':' AND stateMachineArn < ? || ';'`
  const filtered = '(? IS NULL OR status = ?) ORDER BY id DESC LIMIT ? OFFSET ?'
  const events = 'SELECT event FROM journal WHERE executionArn = ? AND eventId IS NOT NULL ORDER BY sequence'
  const sql = {
    putMachine: 'INSERT OR REPLACE INTO machines VALUES (?, ?, ?, ?, ?, ?, ?)',
    findMachine: 'SELECT * FROM machines WHERE stateMachineArn = ?',
    listMachines: 'SELECT * FROM machines ORDER BY name',
    listVersions: `SELECT * FROM machines WHERE ${versions}`,
    deleteMachine: `DELETE FROM machines WHERE stateMachineArn = ? OR (${versions})`,
    putDefinition: 'INSERT OR IGNORE INTO definitions VALUES (?, ?)',
    insert: `INSERT INTO executions (executionArn, stateMachineArn, name, roleArn, digest, input, startedAt, status,
      redriveCount, mapRunArn, startedBy, announced, stateMachineVersionArn) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    find: `${executions} WHERE executionArn = ?`,
    definitionOf: `SELECT text FROM definitions JOIN executions USING (digest) WHERE executionArn = ?`,
    listByMachine: `${executions} WHERE stateMachineArn = ? AND mapRunArn IS NULL AND ${filtered}`,
    listByMapRun: `${executions} WHERE mapRunArn = ? AND ${filtered}`,
    listUnfinished: `${executions} WHERE status = 'RUNNING' OR announced = 0 ORDER BY id`,
    end: `UPDATE executions SET status = ?, stoppedAt = ?, output = ?, error = ?, cause = ?, announced = 0
      WHERE executionArn = ?`,
    redrive: `UPDATE executions SET status = 'RUNNING', redrivenAt = ?, startedBy = ?, redriveCount = redriveCount + 1, announced = 0,
      stoppedAt = NULL, error = NULL, cause = NULL WHERE executionArn = ?`,
    setAnnounced: 'UPDATE executions SET announced = 1 WHERE executionArn = ?',
    append:
      'INSERT INTO journal (executionArn, sequence, eventId, place, event, note) VALUES (?, ?, ?, ?, ?, ?)',
    lastSequence: 'SELECT MAX(sequence) AS last FROM journal WHERE executionArn = ?',
    journal: 'SELECT place, event, note FROM journal WHERE executionArn = ? ORDER BY sequence',
    events: `${events} LIMIT ? OFFSET ?`,
    eventsReversed: `${events} DESC LIMIT ? OFFSET ?`,
  }
  const prepared = Object.entries(sql).map(([name, text]) => [name, database.prepare(text)])
  return Object.fromEntries(prepared) as Record<keyof typeof sql, ReturnType<DatabaseSync['prepare']>>
}

function rowOf(row: Row | undefined): ExecutionRow | undefined {
  if (!row) return undefined
  const { id: _id, digest: _digest, announced, ...rest } = row
  const present = Object.entries(rest).filter(([, value]) => value !== null)
  return { ...Object.fromEntries(present), announced: announced === 1 } as ExecutionRow
}

function entryOf({ place, event, note }: Row): JournalEntry {
  return {
    place: String(place),
    ...(event === null ? {} : { event: JSON.parse(String(event)) as HistoryEvent }),
    ...(note === null ? {} : { note: JSON.parse(String(note)) as unknown }),
  }
}
