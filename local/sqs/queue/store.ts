import { DatabaseSync } from 'node:sqlite'

/** A message without its content, which stays in the store until somebody receives it. Times are milliseconds since 1970. */
export type Message = {
  /** Its place in the order of arrival, over all queues; a message that is moved to another queue gets a new one. */
  sequence: number
  id: string
  group: string | undefined
  deduplicationId: string | undefined
  sentAt: number
  /** It can be received from then on: the end of its delay, or of its visibility timeout. */
  visibleAt: number
  receiveCount: number
  /** How often it was received before it came to this queue. */
  countBefore: number
  firstReceivedAt: number | undefined
  receivedAt: number | undefined
  /** Identifies the last receipt; undefined before the first. */
  receipt: string | undefined
  /** Received, and neither deleted nor visible again. */
  inFlight: boolean
  /** A part of the local cloud itself holds it: it is visible again when that has died. */
  heldInside: boolean
  /** The queue that it is a dead letter of. */
  sourceArn: string | undefined
}

/** `attributes` is JSON: what the sender has sent with the body. */
export type Content = { body: string; attributes: string }
export type StoredQueue = {
  name: string
  attributes: Record<string, string>
  createdAt: number
  modifiedAt: number
}
export type Remembered = { key: string; until: number; id: string; sequence: number }

const SCHEMA = `
CREATE TABLE IF NOT EXISTS queues (
  name TEXT PRIMARY KEY, attributes TEXT NOT NULL, createdAt INTEGER NOT NULL, modifiedAt INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS messages (
  sequence INTEGER PRIMARY KEY AUTOINCREMENT, queue TEXT NOT NULL, meta TEXT NOT NULL, body TEXT NOT NULL, attributes TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS messagesByQueue ON messages (queue, sequence);
CREATE TABLE IF NOT EXISTS remembered (
  queue TEXT NOT NULL, key TEXT NOT NULL, until INTEGER NOT NULL, id TEXT NOT NULL, sequence INTEGER NOT NULL,
  PRIMARY KEY (queue, key)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS rememberedUntil ON remembered (until);
`
const BUSY_MILLISECONDS = 5_000

/**
 * Queues and messages in one SQLite file. A write-ahead log, as for executions and objects: what was written survives the end of the
 * process at any instant. A receipt writes only the small part of a message again.
 */
export class QueueStore {
  readonly #database: DatabaseSync
  readonly #statement
  #depth = 0

  /** `:memory:` keeps it in memory. Throws when the file cannot be used. */
  constructor(path: string) {
    const database = new DatabaseSync(path, { timeout: BUSY_MILLISECONDS })
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;')
    database.exec(SCHEMA)
    this.#database = database
    this.#statement = statements(database)
  }

  /** All writes of `work` or none; within another transaction they are part of that one. */
  transaction<T>(work: () => T): T {
    if (this.#depth > 0) return work()
    this.#database.exec('BEGIN')
    this.#depth += 1
    try {
      const result = work()
      this.#database.exec('COMMIT')
      return result
    } catch (error) {
      this.#database.exec('ROLLBACK')
      throw error
    } finally {
      this.#depth -= 1
    }
  }

  putQueue({ name, attributes, createdAt, modifiedAt }: StoredQueue): void {
    this.#statement.putQueue.run(name, JSON.stringify(attributes), createdAt, modifiedAt)
  }

  queues(): StoredQueue[] {
    return this.#statement.queues.all().map((row) => {
      const { name, attributes, createdAt, modifiedAt } = row as Record<string, string | number>
      return {
        name: String(name),
        attributes: JSON.parse(String(attributes)) as Record<string, string>,
        createdAt: Number(createdAt),
        modifiedAt: Number(modifiedAt),
      }
    })
  }

  removeQueue(name: string): void {
    this.transaction(() => {
      this.removeAll(name)
      this.#statement.forgetAll.run(name)
      this.#statement.removeQueue.run(name)
    })
  }

  /** Returns the message with its sequence. */
  insert(queue: string, message: Omit<Message, 'sequence'>, { body, attributes }: Content): Message {
    const { lastInsertRowid } = this.#statement.insert.run(queue, JSON.stringify(message), body, attributes)
    return { ...message, sequence: Number(lastInsertRowid) }
  }

  update({ sequence, ...meta }: Message): void {
    this.#statement.update.run(JSON.stringify(meta), sequence)
  }

  remove(sequence: number): void {
    this.#statement.remove.run(sequence)
  }

  removeAll(queue: string): void {
    this.#statement.removeAll.run(queue)
  }

  /** In order of arrival. */
  load(queue: string): Message[] {
    return this.#statement.load.all(queue).map(({ sequence, meta }) => ({
      ...(JSON.parse(String(meta)) as Omit<Message, 'sequence'>),
      sequence: Number(sequence),
    }))
  }

  contentOf(sequence: number): Content {
    const { body, attributes } = this.#statement.content.get(sequence) ?? {}
    return { body: String(body), attributes: String(attributes) }
  }

  remember(queue: string, { key, until, id, sequence }: Remembered): void {
    this.#statement.remember.run(queue, key, until, id, sequence)
  }

  /** What is remembered of sent messages, the oldest first. */
  remembered(queue: string): Remembered[] {
    return this.#statement.remembered.all(queue).map(({ key, until, id, sequence }) => ({
      key: String(key),
      until: Number(until),
      id: String(id),
      sequence: Number(sequence),
    }))
  }

  /** Forgets what is remembered until `now` or less, of all queues. */
  forget(now: number): void {
    this.#statement.forget.run(now)
  }

  close(): void {
    this.#database.close()
  }
}

function statements(database: DatabaseSync) {
  const sql = {
    putQueue: 'INSERT OR REPLACE INTO queues VALUES (?, ?, ?, ?)',
    queues: 'SELECT * FROM queues ORDER BY name',
    removeQueue: 'DELETE FROM queues WHERE name = ?',
    insert: 'INSERT INTO messages (queue, meta, body, attributes) VALUES (?, ?, ?, ?)',
    update: 'UPDATE messages SET meta = ? WHERE sequence = ?',
    remove: 'DELETE FROM messages WHERE sequence = ?',
    removeAll: 'DELETE FROM messages WHERE queue = ?',
    load: 'SELECT sequence, meta FROM messages WHERE queue = ? ORDER BY sequence',
    content: 'SELECT body, attributes FROM messages WHERE sequence = ?',
    remember: 'INSERT OR REPLACE INTO remembered VALUES (?, ?, ?, ?, ?)',
    remembered: 'SELECT key, until, id, sequence FROM remembered WHERE queue = ? ORDER BY until, sequence',
    forget: 'DELETE FROM remembered WHERE until <= ?',
    forgetAll: 'DELETE FROM remembered WHERE queue = ?',
  }
  const prepared = Object.entries(sql).map(([name, text]) => [name, database.prepare(text)])
  return Object.fromEntries(prepared) as Record<keyof typeof sql, ReturnType<DatabaseSync['prepare']>>
}
