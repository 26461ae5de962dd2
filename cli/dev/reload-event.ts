export type ReloadEvent =
  /** `warnings` are those that were not there before: steps that no agent serves. */
  | { event: 'reloaded'; changed: string[]; milliseconds: number; warnings: string[] }
  /** What was told as a problem is undone: the files are again those of what is in service. */
  | { event: 'unchanged' }
  | { event: 'refused'; problems: string[] }
  | { event: 'restart'; reason: string }

/** What keeps a change from being in service. */
export type Problem = Extract<ReloadEvent, { event: 'refused' | 'restart' }>
