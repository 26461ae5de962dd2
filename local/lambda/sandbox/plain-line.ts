import type { Json } from '../../../shared/domain/json.ts'
import { factsOfLine, objectInLine } from '../../../shared/domain/log-facts.ts'

/** What the host around an agent logs of every attempt; the lines of other attempts in the same process say nothing about its end. */
const OF_HOST = [
  'step ended',
  'step not begun',
  'attempt failed',
  'attempt repeated',
  'attempt not recorded',
  'attempt not counted',
]

/** A line of a function's log as text for people: `INFO  reading  rows=3`; undefined for metrics and for what the host has logged. */
export function plainLine(text: string): string | undefined {
  const line = objectInLine(text)
  if ('_aws' in line) return undefined
  const { level = 'INFO', message } = line
  if (typeof message !== 'string') return text
  if (OF_HOST.includes(message) && 'service' in line) return undefined
  const { requestId: _request, ...facts } = factsOfLine(line)
  const said = Object.entries(facts).map(([name, value]) => `${name}=${textOf(value)}`)
  return [textOf(level), textOf(message), ...said].join('  ')
}

const textOf = (value: Json): string =>
  (typeof value === 'string' ? value : JSON.stringify(value)).replaceAll('\n', '␊')
