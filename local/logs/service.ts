import { createHash } from 'node:crypto'
import { AwsError } from '../aws/errors.ts'

/** The lines of a function's log, oldest first. */
export type ReadLog = (functionName: string) => AsyncIterable<string>
type Search = {
  logGroupName?: string
  startTime?: number
  endTime?: number
  filterPattern?: string
  limit?: number
  nextToken?: string
}
type Event = {
  eventId: string
  timestamp: number
  ingestionTime: number
  message: string
  logStreamName: string
}

const GROUP = '/aws/lambda/'
/** CloudWatch's default and maximum. */
const MOST_EVENTS = 10_000
/** Kept of each function where nobody keeps files. */
const MOST_LINES = 5_000

/** The patterns that are understood: a task, and a step with what is in it. */
const PATTERN =
  /^\{ \$\.taskId = ("(?:[^"\\]|\\.)*")(?: && \(\$\.stepId = ("(?:[^"\\]|\\.)*") \|\| \$\.stepId = ("(?:[^"\\]|\\.)*[[.]\*")\))? \}$/

/** FilterLogEvents of CloudWatch Logs, over what the functions have written: in files, or in memory. */
export class LogsService {
  readonly #read: ReadLog
  readonly #kept = new Map<string, string[]>()

  constructor({ read }: { read?: ReadLog | undefined } = {}) {
    this.#read =
      read ??
      async function* (this: LogsService, name: string) {
        yield* this.#kept.get(name) ?? []
      }.bind(this)
  }

  /** Keeps what a function has written; without effect on what `read` answers. */
  note(functionName: string, text: string): void {
    const lines = this.#kept.get(functionName) ?? []
    lines.push(...text.split('\n').filter((line) => line !== ''))
    this.#kept.set(functionName, lines.slice(-MOST_LINES))
  }

  async filter(search: Search): Promise<{ events: Event[]; nextToken?: string }> {
    const { logGroupName = '', startTime = 0, endTime = Number.POSITIVE_INFINITY } = search
    if (!/^\/aws\/lambda\/[\w-]+$/.test(logGroupName))
      throw new AwsError(
        'ResourceNotFoundException',
        `The specified log group does not exist: ${logGroupName}`,
      )
    const fits = matcherOf(search.filterPattern ?? '')
    const seen = new Map<string, number>()
    const events: Event[] = []
    for await (const text of this.#read(logGroupName.slice(GROUP.length))) {
      const timestamp = fits(text)
      if (timestamp === undefined || timestamp < startTime || timestamp >= endTime) continue
      const number = seen.get(text) ?? 0
      seen.set(text, number + 1)
      events.push({
        eventId: idOf(timestamp, text, number),
        timestamp,
        ingestionTime: timestamp,
        message: text,
        logStreamName: 'local',
      })
    }
    events.sort((a, b) => a.timestamp - b.timestamp || (a.eventId < b.eventId ? -1 : 1))
    const from = Number(search.nextToken ?? 0)
    const to = from + Math.min(search.limit ?? MOST_EVENTS, MOST_EVENTS)
    return { events: events.slice(from, to), ...(to < events.length ? { nextToken: String(to) } : {}) }
  }
}

/** The time of a line that fits the pattern; undefined for another line. Throws for a pattern that is not understood. */
function matcherOf(pattern: string): (text: string) => number | undefined {
  const [, task, step, within] = PATTERN.exec(pattern) ?? []
  if (task === undefined)
    throw new AwsError(
      'InvalidParameterException',
      `the local cloud does not understand the pattern ${pattern}`,
    )
  const taskId = JSON.parse(task) as string
  const stepId = step === undefined ? undefined : (JSON.parse(step) as string)
  const prefix = within === undefined ? undefined : (JSON.parse(within) as string).slice(0, -1)
  return (text) => {
    // Most lines are of other tasks: they are not parsed.
    if (!text.includes(taskId)) return undefined
    const line = objectIn(text)
    if (line?.taskId !== taskId) return undefined
    const path = String(line.stepId ?? '')
    if (stepId !== undefined && path !== stepId && !(prefix !== undefined && path.startsWith(prefix)))
      return undefined
    const time = Date.parse(String(line.timestamp))
    return Number.isNaN(time) ? undefined : time
  }
}

function objectIn(text: string): Record<string, unknown> | undefined {
  try {
    const parsed: unknown = JSON.parse(text)
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

/** As long as CloudWatch's; the same whenever the line is read again. */
function idOf(timestamp: number, text: string, number: number): string {
  const digest = createHash('sha256').update(`${number} ${text}`).digest('hex').slice(0, 24)
  return `${String(timestamp).padStart(14, '0')}${digest}`
}
