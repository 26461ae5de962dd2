/** One line that a function has written while it worked for a task. */
export type LogLine = {
  /** Unique among the lines of a task. */
  id: string
  /** When it was written, ISO 8601 in UTC. */
  time: string
  /** The function that has written it. */
  functionName: string
  /** As it was written: JSON. */
  text: string
}

export type LogQuery = {
  taskId: string
  /** Only of this step; of a fan-out, a loop, or one item or round also what is in it. */
  step?: string | undefined
  /** The functions in whose logs it is looked for, besides our own. */
  functionNames: readonly string[]
  /** Milliseconds since 1970; lines at `from` are among those that are found, lines at `to` are not. */
  from: number
  to: number
  /** Only lines after this one in the order of time and id. */
  after?: { time: string; id: string } | undefined
  limit: number
  /** Only what was written in so many seconds from `after` on, or from `from`: less to search, where all took too long. */
  spanSeconds?: number | undefined
}

export type LogPage = {
  lines: LogLine[]
  more: boolean
  unreadable: string[]
  goOn?: { after: { time: string; id: string }; spanSeconds: number }
}

/** What functions have written about tasks. Lines may come some seconds late, and are kept as long as the logs are. */
export type Logs = {
  /**
   * The first lines in the order of time and id; whether there may be more; and the functions whose logs may not be read. `goOn` says where to search
   * next where the last line does not: a span had no more lines, or, with half of it, the search took too long. Throws UnavailableError when even the
   * least span takes too long.
   */
  listLines(query: LogQuery): Promise<LogPage>
}
