/**
 * Invariants (tests cite them):
 * logs/G1 only lines that name the task are found, whichever function has written them
 * logs/G2 lines of several log groups come in one order, that of time and id, and none is left out between two pages
 * logs/G3 a search is bounded in time: it ends before the door does
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

/** The API has 29 s. */
const MOST_MILLISECONDS = 20_000
/** CloudWatch allows a few searches a second. */
const AT_ONCE = 4
const GROUP = '/aws/lambda/'

export function cloudwatchLogs({ client, ownFunctions, now }: Settings): Logs {
  return {
    async listLines(query) {
      const until = now() + MOST_MILLISECONDS
      const names = [...new Set([...ownFunctions, ...query.functionNames])]
      const found: LogLine[] = []
      for (let at = 0; at < names.length; at += AT_ONCE) {
        const some = names.slice(at, at + AT_ONCE).map((name) => linesOf(name, query, until))
        found.push(...(await Promise.all(some)).flat())
      }
      const lines = found.sort(inOrder)
      return { lines: lines.slice(0, query.limit), more: lines.length > query.limit }
    },
  }

  /**
   * The first lines in the log of a function, one more than the limit if there are more. CloudWatch orders lines of one millisecond as they
   * came in, not by their ids: all lines of the last millisecond are read before any of them is left for the next page (logs/G2).
   */
  async function linesOf(functionName: string, query: LogQuery, until: number): Promise<LogLine[]> {
    const found: LogLine[] = []
    let nextToken: string | undefined
    do {
      if (now() > until) throw tooLong(query)
      const page = await search(functionName, query, nextToken)
      const lines = (page?.events ?? []).map((event) => lineOf(functionName, event))
      found.push(...lines.filter((line) => isAfter(line, query.after)))
      nextToken = page?.nextToken
    } while (nextToken !== undefined && !hasAllOf(found, query.limit))
    return found
  }

  /** Undefined for a function without a log, or with a log that is not ours. */
  function search(functionName: string, query: LogQuery, nextToken: string | undefined) {
    const { from, to, after, limit } = query
    const command = new FilterLogEventsCommand({
      logGroupName: `${GROUP}${functionName}`,
      startTime: Math.max(from, after ? Date.parse(after.time) : 0),
      endTime: to,
      filterPattern: patternOf(query),
      limit: limit + 1,
      nextToken,
    })
    return unlessAws(['ResourceNotFoundException', 'AccessDeniedException'], () => client.send(command))
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

/** Whether the first `limit` lines are among these, of which those after the last one's time may be missing, and some of its own. */
function hasAllOf(found: readonly LogLine[], limit: number): boolean {
  const [cut, last] = [found[limit - 1], found.at(-1)]
  return found.length > limit && cut !== undefined && last !== undefined && cut.time < last.time
}

const keyOf = ({ time, id }: { time: string; id: string }): string => `${time}#${id}`

const inOrder = (a: LogLine, b: LogLine): number => (keyOf(a) < keyOf(b) ? -1 : 1)

const isAfter = (line: LogLine, after: LogQuery['after']): boolean =>
  after === undefined || keyOf(line) > keyOf(after)

const tooLong = ({ taskId }: LogQuery): OrchestratorError =>
  new OrchestratorError(
    'UnavailableError',
    `the logs of task ${taskId} take too long to search; ask for a step, or for lines since a time`,
  )
