import type { Json } from '../domain/json.ts'

/**
 * The shared state of the task: values by key that its steps write for one another. A key starts with a-z and has letters, digits and _, at
 * most 48 characters. A value is JSON of at most 1 MiB. A task has at most 100 keys, and a key 10,000 versions. What the workflow says of a
 * key (`state` in it: a schema, a policy for races) holds for every write; a key that it does not declare has the policy `reject`.
 *
 * Every method throws InvalidInputError for a key or a value that is not allowed. Every write throws StepSupersededError once a later attempt
 * has taken the step over, AgentOutputError for a value with a secret in it, and ContentTooLargeError for a value too large, or a key or a
 * version too many.
 */
export type AgentState = {
  /** The newest value; undefined where there is none. */
  get<T extends Json = Json>(key: string): Promise<T | undefined>
  /**
   * Writes a value that was made from `ifVersion`, by default from the version that this attempt has last read or written (0: there was none).
   * Where another write has come since, the policy of the key decides: the two are combined, or StateConflictError is thrown. Returns the
   * number of the new version.
   */
  set(key: string, value: Json, options?: StateWriteOptions & { ifVersion?: number }): Promise<number>
  /**
   * Writes what `change` makes of the newest value, and calls it again with the newer one after each race: no update is lost, whatever the
   * policy. It should do nothing else. Returns what was written.
   */
  update<T extends Json = Json>(
    key: string,
    change: (current: T | undefined) => T | Promise<T>,
    options?: StateWriteOptions,
  ): Promise<T>
  /** The versions of a key, the newest first: `limit` of them (20; at most 100), below version `before`. */
  history(key: string, options?: { limit?: number; before?: number }): Promise<StateEntry[]>
  /** All values of one moment, with their versions. */
  snapshot(): Promise<{ values: Record<string, Json>; versions: Record<string, number> }>
}

export type StateWriteOptions = {
  /**
   * A name of the write, at most 200 characters: it is made once by this step under this name, across all its attempts. Without it an attempt
   * that runs again writes again.
   */
  once?: string
}

/** A version of a key. */
export type StateEntry = {
  version: number
  /** When it was written. */
  at: string
  /** The step that has written it; or the person; or the task that it was copied from. */
  by: { path: string; attempt: number } | { subject: string } | { forkedFrom: string }
  /** Undefined where the key was removed. */
  value: Json | undefined
}
