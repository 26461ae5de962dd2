import { styleText } from 'node:util'
import type { CliError } from '../cli-error.ts'
import { duration } from './duration.ts'
import { issueLines } from './issue-lines.ts'
import { lineWidth, wrapText } from './layout.ts'
import { nameOfProblem, pageOfError } from './page-of-error.ts'
import { jsonLine, print } from './terminal.ts'

type Style = Parameters<typeof styleText>[0]

/** Colours only where a terminal shows them; NO_COLOR is honoured. */
export function style(format: Style, text: string): string {
  return styleText(format, text, { stream: process.stdout })
}

/** Prints text for people, wrapped to the terminal's width. */
export function say(text: string, hang?: number): void {
  print(wrapText(text, lineWidth(), hang))
}

/** A problem as lines for people, or unchanged for scripts. */
export function describeProblem({ message, problem, file }: CliError, json: boolean): string {
  if (json) return jsonLine(problem ?? { title: 'Error', detail: message })
  const issues = problem?.issues ?? []
  const head = styleText('red', 'error', { stream: process.stderr })
  const told =
    issues.length > 1 || issues[0]?.line !== undefined
      ? [`${head}: this was not accepted`, ...issues.map((one) => issueLines(one, { file }))].join('\n')
      : `${head}: ${message}`
  return `${told}${pageOfError(nameOfProblem(problem?.type))}`
}

/** A size for people: `512 B`, `1.5 MB`; a MB has 1,024 * 1,024 bytes. */
export function bytesOf(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB']
  const step = Math.min(units.length - 1, bytes < 1 ? 0 : Math.floor(Math.log2(bytes) / 10))
  const value = bytes / 1_024 ** step
  return `${step === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[step]}`
}

/** The duration, up to now if it has not ended. */
export function elapsed({
  durationMs,
  since,
}: {
  durationMs?: number | undefined
  since: string | undefined
}): string {
  if (durationMs !== undefined || since === undefined) return duration(durationMs)
  return `${duration(Math.max(0, Date.now() - Date.parse(since)))} so far`
}

const MARKS: Readonly<Record<string, [mark: string, format: Style]>> = {
  succeeded: ['✔', 'green'],
  waiting: ['?', 'yellow'],
  failed: ['✘', 'red'],
  timed_out: ['✘', 'red'],
  cancelled: ['■', 'yellow'],
  skipped: ['↷', 'dim'],
  degraded: ['!', 'yellow'],
  running: ['▶', 'cyan'],
}

export function statusMark(status: string): string {
  const [mark, format] = MARKS[status] ?? ['·', 'dim']
  return style(format, mark)
}

export function statusText(status: string): string {
  return style(MARKS[status]?.[1] ?? 'dim', status)
}
