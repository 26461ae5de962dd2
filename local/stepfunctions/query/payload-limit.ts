import { asText } from '../run/history.ts'
import { StateError } from '../run/state-error.ts'

const MAX_PAYLOAD_BYTES = 256 * 1024
/** The limit for all variables of a scope together; one state may assign less. */
const MAX_VARIABLES_BYTES = 10 * 1024 * 1024
const MAX_ASSIGNED_BYTES = 256 * 1024

/** Throws States.DataLimitExceeded, which `States.ALL` does not catch, for a value above the payload limit. */
export function requireFits(stateName: string, value: unknown): void {
  if (typeof value !== 'object' && typeof value !== 'string') return
  if (bytesOf(value) <= MAX_PAYLOAD_BYTES) return
  const cause = `The state/task '${stateName}' returned a result with a size exceeding the maximum number of bytes service limit.`
  throw new StateError('States.DataLimitExceeded', cause)
}

/** Throws States.DataLimitExceeded when one state assigns more than 256 KiB, or all variables are more than 10 MiB. */
export function requireVariablesFit(
  stateName: string,
  all: Readonly<Record<string, unknown>>,
  assigned: Readonly<Record<string, unknown>>,
): void {
  const assignedBytes = bytesOf(assigned)
  if (assignedBytes > MAX_ASSIGNED_BYTES) {
    const cause = `The state '${stateName}' assigned variables of ${assignedBytes} bytes; at most ${MAX_ASSIGNED_BYTES} are allowed.`
    throw new StateError('States.DataLimitExceeded', cause)
  }
  const bytes = bytesOf(all)
  if (bytes <= MAX_VARIABLES_BYTES) return
  const cause = `The variables of the execution have ${bytes} bytes after the state '${stateName}'; at most ${MAX_VARIABLES_BYTES} are allowed.`
  throw new StateError('States.DataLimitExceeded', cause)
}

/** A shortcut: most texts are so short that they need not be encoded to know that they fit. */
function bytesOf(value: unknown): number {
  const text = typeof value === 'string' ? value : asText(value)
  return text.length * 3 <= MAX_PAYLOAD_BYTES ? text.length : Buffer.byteLength(text)
}
