import type { Json } from './json.ts'

/** What the logger adds to every line, and what a reader of the line shows apart. */
const KNOWN = [
  ...['timestamp', 'level', 'message', 'taskId', 'stepId', 'attempt', 'agentId'],
  ...['service', 'executionArn', 'sampling_rate', 'xray_trace_id', 'cold_start'],
]

/** What a line of a log says besides its message: what its writer has added. */
export const factsOfLine = (line: Readonly<Record<string, Json>>): Record<string, Json> =>
  Object.fromEntries(
    Object.entries(line).filter(([name]) => !KNOWN.includes(name) && !name.startsWith('function_')),
  )

/** The JSON object in a line; empty for a line that is none. */
export function objectInLine(text: string): Record<string, Json> {
  try {
    const parsed = JSON.parse(text) as Json
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) ? parsed : {}
  } catch {
    return {}
  }
}
