/**
 * Invariants (tests cite them):
 * logs/G1 only lines that name the task are found, whichever function has written them
 * logs/G2 lines of several log groups come in one order, that of time and id, and none is left out between two pages
 * logs/G3 a search is bounded in time and memory: it ends before the door does, and reads no more of a log than a page can tell
 * logs/G4 a log that may not be read is told, and looks like none that is empty
 */
import {
  type CloudWatchLogsClient,
  type FilteredLogEvent,
  FilterLogEventsCommand,
} from '@aws-sdk/client-cloudwatch-logs'
import { OrchestratorError } from '../../../shared/domain/errors.ts'
import type { LogLine, LogQuery, Logs } from '../../../shared/ports/logs.ts'
import { unlessAws } from '../aws-errors.ts'

type Settings = {
  client: CloudWatchLogsClient
  /** Functions that work for every task: rebinder and control. */
  ownFunctions: readonly string[]
  now: () => number
}

/** What was read of a function's log: all lines, or those `before` a time. */
type FunctionLog = { functionName: string; lines: LogLine[]; before?: string; isUnreadable?: boolean }

/** Sorts after every time. */
const AFTER_ALL = '~'
/** The API has 29 s. */
const MOST_MILLISECONDS = 20_000
/** CloudWatch allows a few searches a second. */
const AT_ONCE = 4
/** More than an answer can have (list-task-logs.ts). A line has up to 1 MB, so their number bounds nothing. */
const MOST_BYTES = 5_000_000
const GROUP = '/aws/lambda/'

export function cloudwatchLogs({ client, ownFunctions, now }: Settings): Logs {
  return {
    async listLines(query) {
      const until = now() + MOST_MILLISECONDS
      const names = [...new Set([...ownFunctions, ...query.functionNames])]
      const read: FunctionLog[] = []
      for (let at = 0; at < names.length; at += AT_ONCE) {
        const some = names.slice(at, at + AT_ONCE).map((name) => linesOf(name, query, until))
        read.push(...(await Promise.all(some)))
      }
      const cuts = read.flatMap(({ before }) => before ?? [])
      // After this time lines of a function are missing that was not read to its end (logs/G2).
      const before = cuts.reduce((first, cut) => (cut < first ? cut : first), AFTER_ALL)
      const lines = read
        .flatMap((log) => log.lines)
        .filter(({ time }) => time < before)
        .sort(inOrder)
      const unreadable = read.flatMap(({ isUnreadable, functionName }) =>
        isUnreadable ? [functionName] : [],
      )
      return {
        lines: lines.slice(0, query.limit),
        more: cuts.length > 0 || lines.length > query.limit,
        unreadable,
      }
    },
  }

  /**
   * The first lines in the log of a function, more than the limit if there are more. CloudWatch orders lines of one millisecond as they
   * came in, not by their ids: all lines of the last millisecond are read before any of them is left for the next page (logs/G2).
   */
  async function linesOf(functionName: string, query: LogQuery, until: number): Promise<FunctionLog> {
    const lines: LogLine[] = []
    let [bytes, last] = [0, '']
    let [nextToken, full]: [string?, string?] = []
    do {
      if (now() > until) throw tooLong(query)
      const page = await search(functionName, query, nextToken)
      if (page === 'denied') return { functionName, lines: [], isUnreadable: true }
      for (const event of page?.events ?? []) {
        const line = lineOf(functionName, event)
        if (!isAfter(line, query.after)) continue
        lines.push(line)
        bytes += line.text.length
        if (line.time > last) last = line.time
        // Enough for an answer, together with the other lines of this millisecond (logs/G3).
        if (lines.length >= query.limit || bytes > MOST_BYTES) full ??= line.time
      }
      if (full !== undefined && last > full) return { functionName, lines, before: last }
      nextToken = page?.nextToken
    } while (nextToken !== undefined)
    return { functionName, lines }
  }

  /** Undefined for a function without a log: it has not run yet. */
  async function search(functionName: string, query: LogQuery, nextToken: string | undefined) {
    const { from, to, after, limit } = query
    const command = new FilterLogEventsCommand({
      logGroupName: `${GROUP}${functionName}`,
      startTime: Math.max(from, after ? Date.parse(after.time) : 0),
      endTime: to,
      filterPattern: patternOf(query),
      limit: limit + 1,
      nextToken,
    })
    const found = unlessAws(['ResourceNotFoundException'], () => client.send(command))
    return found.catch((error: unknown) => {
      if (error instanceof Error && error.name === 'AccessDeniedException') return 'denied' as const
      throw error
    })
  }
}

/**
 * CloudWatch's language for JSON lines. A step is found with its items and rounds: `each`, `each[3]`, `improve[2].draft`; an item or a
 * round with its steps.
 */
export function patternOf({ taskId, step }: Pick<LogQuery, 'taskId' | 'step'>): string {
  const task = `$.taskId = ${JSON.stringify(taskId)}`
  if (step === undefined) return `{ ${task} }`
  const within = `${step}${step.endsWith(']') ? '.' : '['}*`
  return `{ ${task} && ($.stepId = ${JSON.stringify(step)} || $.stepId = ${JSON.stringify(within)}) }`
}

const lineOf = (functionName: string, event: FilteredLogEvent): LogLine => ({
  id: event.eventId ?? '',
  time: new Date(event.timestamp ?? 0).toISOString(),
  functionName,
  text: event.message ?? '',
})

const keyOf = ({ time, id }: { time: string; id: string }): string => `${time}#${id}`

const inOrder = (a: LogLine, b: LogLine): number => (keyOf(a) < keyOf(b) ? -1 : 1)

const isAfter = (line: LogLine, after: LogQuery['after']): boolean =>
  after === undefined || keyOf(line) > keyOf(after)

const tooLong = ({ taskId }: LogQuery): OrchestratorError =>
  new OrchestratorError(
    'UnavailableError',
    `the logs of task ${taskId} take too long to search; ask for a step, or for lines since a time`,
  )
