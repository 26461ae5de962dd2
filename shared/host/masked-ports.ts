/**
 * Ports behind the mask of a host: no secret that was read comes into a log, an event, a record, or a stored value.
 *
 * Invariants (tests cite them):
 * masked/K1 what the host writes by its ports has no value of a secret in it: lines of logs, events, attempts, progress, the text of a model that
 *    is shown, what is kept of its calls, results of effects
 * masked/K2 an error that leaves the host has none: neither in its message, its stack, its details nor its causes
 * masked/K3 an output, or a file, with a secret in it fails the attempt, and is not stored: whoever reads it later would have a text that is neither
 *    what the agent has answered nor what it should be
 * masked/K4 a value that has no secret in it is written as it is
 */

import { isOrchestratorError, OrchestratorError } from '../domain/errors.ts'
import type { Json } from '../domain/json.ts'
import type { SecretMask } from '../domain/secret-mask.ts'
import { shown } from '../domain/shown.ts'
import { keepFault } from './agent-failure.ts'
import type { HostPorts } from './host-ports.ts'

/** masked/K1 */
export function maskedPorts(ports: HostPorts): HostPorts {
  const { mask, log, bus, steps, values } = ports
  if (!mask) return ports
  return {
    ...ports,
    log: {
      info: (message, facts) => log.info(mask.text(message), mask.value(facts)),
      warn: (message, facts) => log.warn(mask.text(message), mask.value(facts)),
    },
    bus: { ...bus, publish: (events) => bus.publish(mask.value(events)) },
    steps: {
      ...steps,
      endStep: (own, end) => steps.endStep(own, mask.value(end)),
      addAttempt: (own, attempt, ...more) => steps.addAttempt(own, mask.value(attempt), ...more),
      setProgress: (own, progress) => steps.setProgress(own, mask.value(progress)),
      setSaid: (own, text) => steps.setSaid(own, mask.text(text)),
      noteStep: (own, note) => steps.noteStep(own, mask.value(note)),
    },
    values: {
      ...values,
      storeValue: (taskId, value, ...more) => values.storeValue(taskId, mask.value(value), ...more),
    },
  }
}

/** masked/K2 */
export function maskedFailure(mask: SecretMask | undefined, error: unknown): unknown {
  const masked = mask ? mask.value(error) : error
  if (masked === error || !isOrchestratorError(masked)) return masked
  const { name, message, details, stack } = masked
  const copy = new OrchestratorError(name, message, details)
  if (stack !== undefined) copy.stack = stack
  keepFault(error, copy, mask)
  return copy
}

/** Throws AgentOutputError where a value has the text of a secret in it (masked/K3). */
export function requireNoSecret(mask: SecretMask | undefined, value: unknown, what: string): void {
  if (!mask || mask.isEmpty()) return
  const found = secretIn(mask, value, what, new Set())
  if (!found) return
  const message = `${found.path} has the value of secret ${found.name} in it; what an agent answers is stored and shown: leave it out`
  throw new OrchestratorError('AgentOutputError', message)
}

type Found = { name: string; path: string }

function secretIn(mask: SecretMask, value: unknown, path: string, seen: Set<object>): Found | undefined {
  if (typeof value === 'string' || typeof value === 'number') {
    const name = mask.find(String(value))
    return name === undefined ? undefined : { name, path }
  }
  if (typeof value !== 'object' || value === null || seen.has(value)) return undefined
  seen.add(value)
  for (const [key, member] of Object.entries(value)) {
    const own = mask.find(key)
    if (own !== undefined) return { name: own, path: `the name of a member of ${path}` }
    const place = Array.isArray(value) ? `[${key}]` : /^\w+$/.test(key) ? `.${key}` : `[${shown(key)}]`
    const found = secretIn(mask, member, `${path}${place}`, seen)
    if (found) return found
  }
  return undefined
}

/** The result of an effect or a tool as it is kept: the first attempt gets the same as a later one. */
export const maskedResult = (mask: SecretMask | undefined, result: Json): Json =>
  mask ? mask.value(result) : result

/** The longest form of a secret, in characters: what comes in chunks is looked at with so much of what was before. */
const MOST_FORM = 8_192

/** The bytes of a file as they come. Throws AgentOutputError at the first that end the text of a secret (masked/K3). */
export async function* withoutSecretsIn(
  mask: SecretMask | undefined,
  chunks: AsyncIterable<Uint8Array>,
  name: string,
): AsyncGenerator<Uint8Array> {
  const decoder = new TextDecoder()
  let before = ''
  for await (const chunk of chunks) {
    if (mask && !mask.isEmpty()) {
      const text = before + decoder.decode(chunk, { stream: true })
      const found = mask.find(text)
      if (found !== undefined) {
        const message = `the file "${name}" has the value of secret ${found} in it, and is not stored; leave it out`
        throw new OrchestratorError('AgentOutputError', message)
      }
      before = text.slice(-MOST_FORM)
    }
    yield chunk
  }
}
