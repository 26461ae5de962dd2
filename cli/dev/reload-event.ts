/** The version of `agent echo` or `workflow simple` that is in service now, and the one before. */
export type VersionInService = { what: string; version: string; was?: string }

export type ReloadEvent =
  /** `warnings` are the new ones only: steps that no agent serves. */
  | {
      event: 'reloaded'
      changed: string[]
      milliseconds: number
      warnings: string[]
      versions?: VersionInService[]
    }
  /** A reported problem is gone, because the files have been restored to the version in service. */
  | { event: 'unchanged' }
  | { event: 'refused'; problems: string[] }
  | { event: 'restart'; reason: string }

/** The reason why a change is not in service. */
export type Problem = Extract<ReloadEvent, { event: 'refused' | 'restart' }>
