/**
 * Invariants (tests cite them):
 * logs/G1 only lines that name the task are found, whichever function has written them
 * logs/G2 lines of several log groups come in one order, that of time and id, and none is left out between two pages
 * logs/G3 a search is bounded in time and memory: it ends after five seconds, going on where it was or with half of the time, and reads no more of a log
 *   than a page can tell
 * logs/G4 a log that may not be read is told, and looks like none that is empty
 */
import {
  type CloudWatchLogsClient,
  type FilteredLogEvent,
  FilterLogEventsCommand,
} from '@aws-sdk/client-cloudwatch-logs'
import { OrchestratorError } from '../../../shared/domain/errors.ts'
import type { LogLine, LogPage, LogQuery, Logs } from '../../../shared/ports/logs.ts'
import { unlessAws } from '../aws-errors.ts'

type Settings = {
  client: CloudWatchLogsClient
  /** Functions that work for every task: rebinder and control. */
  ownFunctions: readonly string[]
  now: () => number
}

/** What was read of a function's log: all lines, or those `before` a time. */
type FunctionLog = {
  functionName: string
  lines: LogLine[]
  before?: string
  isUnreadable?: boolean
  isLate?: true
}

/** Sorts after every time. */
const AFTER_ALL = '~'
/** A reader waits, and a function of the API with it. */
const MOST_MILLISECONDS = 5_000
/** What is written in this time can be searched, or nothing can. */
const LEAST_SPAN_SECONDS = 60
/** CloudWatch allows a few searches a second. */
const AT_ONCE = 4
/** More than an answer can have (list-task-logs.ts). A line has up to 1 MB, so their number bounds nothing. */
const MOST_BYTES = 5_000_000
const GROUP = '/aws/lambda/'

export function cloudwatchLogs({ client, ownFunctions, now }: Settings): Logs {
  return {
    async listLines(query) {
      const until = now() + MOST_MILLISECONDS
      const range = rangeOf(query)
      const names = [...new Set([...ownFunctions, ...query.functionNames])]
      const read: FunctionLog[] = []
      for (let at = 0; at < names.length; at += AT_ONCE) {
        const some = names.slice(at, at + AT_ONCE).map((name) => linesOf(name, { ...query, ...range }, until))
        read.push(...(await Promise.all(some)))
      }
      const cuts = read.flatMap(({ before }) => before ?? [])
      // After this time lines of a function are missing that was not read to its end (logs/G2).
      const before = cuts.reduce((first, cut) => (cut < first ? cut : first), AFTER_ALL)
      const lines = read
        .flatMap((log) => log.lines)
        .filter(({ time }) => time < before && (range.to === query.to || Date.parse(time) < range.to))
        .sort(inOrder)
      const unreadable = read.flatMap(({ isUnreadable, functionName }) =>
        isUnreadable ? [functionName] : [],
      )
      const page = {
        lines: lines.slice(0, query.limit),
        more: cuts.length > 0 || lines.length > query.limit,
        unreadable,
      }
      const goOn = read.some(({ isLate }) => isLate) ? afterLate(page, query) : afterSpan(page, query)
      return goOn ? { ...page, more: true, goOn } : page
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
      if (now() > until) return { functionName, lines, before: last, isLate: true }
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
    const { from, to, limit } = query
    const command = new FilterLogEventsCommand({
      logGroupName: `${GROUP}${functionName}`,
      startTime: from,
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

/** What is searched, in milliseconds since 1970: all, or a span of it. */
function rangeOf({ from, to, after, spanSeconds }: LogQuery): { from: number; to: number } {
  const begin = Math.max(from, after ? Date.parse(after.time) : 0)
  return { from: begin, to: spanSeconds === undefined ? to : Math.min(to, begin + 1_000 * spanSeconds) }
}

/** Where nothing was found in time, half of it is searched next (logs/G3). Throws UnavailableError for the least span. */
function afterLate({ lines }: LogPage, query: LogQuery): LogPage['goOn'] {
  if (lines.length > 0) return undefined
  const { from, to } = rangeOf(query)
  const seconds = Math.ceil((to - from) / 1_000)
  if (seconds <= LEAST_SPAN_SECONDS) throw tooLong(query)
  const spanSeconds = Math.max(LEAST_SPAN_SECONDS, Math.ceil(seconds / 2))
  return { after: query.after ?? { time: new Date(from).toISOString(), id: '' }, spanSeconds }
}

/** After a span that was searched to its end comes the next. */
function afterSpan({ more }: LogPage, query: LogQuery): LogPage['goOn'] {
  const { to } = rangeOf(query)
  if (more || query.spanSeconds === undefined || to >= query.to) return undefined
  return { after: { time: new Date(to).toISOString(), id: '' }, spanSeconds: query.spanSeconds }
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
