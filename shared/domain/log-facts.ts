import type { Json } from './json.ts'

/** What the logger adds to every line, and what a reader of the line shows apart. */
const KNOWN = [
  ...['timestamp', 'level', 'message', 'taskId', 'stepId', 'attempt', 'agentId'],
  ...['service', 'executionArn', 'sampling_rate', 'xray_trace_id', 'cold_start'],
]

/** What lines of the host have beside that. */
const OF_THE_HOST = [
  'requestId',
  'from',
  'errorName',
  'errorMessage',
  'errorCode',
  'errorStack',
  'errorCauses',
]

const isFieldOfLine = (name: string): boolean => KNOWN.includes(name) || name.startsWith('function_')

/** What a line of a log says besides its message: what its writer has added. */
export const factsOfLine = (line: Readonly<Record<string, Json>>): Record<string, Json> =>
  Object.fromEntries(Object.entries(line).filter(([name]) => !isFieldOfLine(name)))

/** The JSON object in a line; empty for a line that is none. */
export function objectInLine(text: string): Record<string, Json> {
  try {
    const parsed = JSON.parse(text) as Json
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) ? parsed : {}
  } catch {
    return {}
  }
}

/**
 * The facts of an agent's line: those under the name of a standard field are kept under `data`, so that neither hides the other. Powertools
 * would drop some of them, and let others take the place of the standard ones.
 */
export function factsOfAgent(facts: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const own = Object.entries(facts)
  const isStandard = (name: string): boolean => isFieldOfLine(name) || OF_THE_HOST.includes(name)
  if (!own.some(([name]) => isStandard(name))) return { ...facts }
  const isMoved = (name: string): boolean => name === 'data' || isStandard(name)
  return {
    ...Object.fromEntries(own.filter(([name]) => !isMoved(name))),
    data: Object.fromEntries(own.filter(([name]) => isMoved(name))),
  }
}
