import { asText } from './history.ts'
import { StateError } from './state-error.ts'

const MAX_PAYLOAD_BYTES = 256 * 1024

/** Throws States.DataLimitExceeded, which `States.ALL` does not catch: data that large must not travel through state. */
export function requireFits(stateName: string, value: unknown): void {
  if (typeof value !== 'object' && typeof value !== 'string') return
  if (Buffer.byteLength(asText(value)) <= MAX_PAYLOAD_BYTES) return
  const cause = `The state/task '${stateName}' returned a result with a size exceeding the maximum number of bytes service limit.`
  throw new StateError('States.DataLimitExceeded', cause)
}
