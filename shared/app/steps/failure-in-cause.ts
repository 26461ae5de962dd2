import { boundedText } from '../../domain/bounded.ts'
import { DEATHS } from '../../domain/errors.ts'
import { type FaultDetails, faultOf } from '../../domain/fault.ts'
import { HOST_MARGIN_SECONDS } from '../../domain/host-margin.ts'
import { MOST_LAST_CHARACTERS, withLastWords } from '../../domain/last-words.ts'
import { withoutSecrets } from '../../domain/without-secrets.ts'

/**
 * The failure that Step Functions passes on for a function that could not record it: with the stack of an exception or a rejection that
 * nothing caught; of a process that has ended with its last lines, where the cloud tells them.
 */
export function failureInCause(
  name: string,
  cause: string | undefined,
): { name: string; message: string } & FaultDetails {
  const message = withoutSecrets(messageInCause(cause))
  const trace = traceIn(cause)
  if (name === 'Sandbox.Timedout') return { name, message: timedOut(message) }
  if (!DEATHS.includes(name)) return { name, message, ...faultOf({ stack: trace.join('\n') }) }
  const last = trace.map((line) => boundedText(withoutSecrets(line), MOST_LAST_CHARACTERS))
  return { name, message: withLastWords(message, last) }
}

/** With the limit that the author has set, and why neither that nor the step's signal has ended the call before. */
function timedOut(message: string): string {
  const seconds = Number(/Task timed out after ([\d.]+) seconds/.exec(message)?.[1])
  if (!(seconds > HOST_MARGIN_SECONDS)) return message
  const limit = Number((seconds - HOST_MARGIN_SECONDS).toFixed(2))
  return (
    `its function was ended after ${seconds} s: limits.timeoutSeconds of the agent, ${limit}, and ${HOST_MARGIN_SECONDS} s to record it. ` +
    'Was the event loop blocked? A long or endless loop without await lets neither context.signal nor the timeout of the step come'
  )
}

function traceIn(cause: string | undefined): string[] {
  try {
    const parsed: unknown = JSON.parse(cause ?? '')
    const trace: unknown =
      typeof parsed === 'object' && parsed !== null && 'trace' in parsed ? parsed.trace : []
    return Array.isArray(trace) ? trace.filter((line) => typeof line === 'string') : []
  } catch {
    return []
  }
}

/** The message inside the JSON text by which Step Functions passes on a Lambda error. */
export function messageInCause(cause: string | undefined): string {
  try {
    const parsed: unknown = JSON.parse(cause ?? '')
    if (typeof parsed === 'object' && parsed !== null && 'errorMessage' in parsed)
      return String(parsed.errorMessage)
  } catch {
    // Not JSON: the cause is the message.
  }
  return cause || 'no cause was given'
}
