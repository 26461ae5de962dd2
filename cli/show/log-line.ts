import type { LogLineView } from '../../shared/contracts/log-views.ts'
import { style } from './output.ts'
import { visible } from './visible.ts'

/** A line of the log for people: time, level, step, its attempt after the first, message and facts; below it, indented, the stack and causes of an error. */
export function logLine({
  time,
  level,
  stepId = '',
  attempt = 1,
  message,
  facts = {},
}: LogLineView): string[] {
  const { errorStack, errorCauses, errorMessage, requestId: _request, from: _from, ...others } = facts
  const [first = '', ...rest] = visible(message).split('\n')
  const said = Object.entries(others).map(([name, value]) => `${textOf(name)}=${textOf(value)}`)
  const number = attempt > 1 ? style('dim', `attempt ${attempt}`) : ''
  const head = [time.slice(11, 23), levelText(level), style('bold', visible(stepId)), number, first, ...said]
  return [
    head.filter((part) => part !== '').join('  '),
    ...rest.map((line) => `    ${line}`),
    ...indented(errorMessage),
    ...indented(errorStack, '      '),
    ...(Array.isArray(errorCauses)
      ? errorCauses.flatMap((cause) => indented(`caused by ${String(cause)}`))
      : []),
  ]
}

function levelText(level: string): string {
  const text = textOf(level).padEnd(5)
  if (level === 'ERROR') return style('red', text)
  return level === 'WARN' ? style('yellow', text) : style('dim', text)
}

const indented = (text: unknown, by = '    '): string[] =>
  typeof text === 'string' && text !== ''
    ? visible(text)
        .split('\n')
        .map((line) => `${by}${line}`)
    : []

const textOf = (value: unknown): string =>
  visible(typeof value === 'string' ? value : JSON.stringify(value)).replaceAll('\n', '␊')
