/**
 * Performs an external side effect once per step, across all its attempts.
 *
 * Invariants (tests cite them):
 * once/N1 an effect with a stored result is not performed again, by any attempt
 * once/N2 all attempts pass the same idempotency key: a target that honours it performs the effect once, even if an
 *    attempt crashed after the effect and before its result was stored
 * once/N3 if the effect has a `find`, it is called before the effect is performed again, but only after the first
 *    claim's `mostSeconds`
 * once/N4 a superseded attempt does not perform an effect that a later attempt has claimed
 */
import type { Effect } from '../agent/index.ts'
import { OrchestratorError } from '../domain/errors.ts'
import type { Json } from '../domain/json.ts'
import { describeNotJson, notJsonIn } from '../domain/not-json.ts'
import { orAborted } from '../domain/or-aborted.ts'
import { superseded } from '../domain/superseded.ts'
import { platformTimer, type Timer } from '../domain/timer.ts'
import type { Ownership } from '../ports/index.ts'
import type { HostPorts } from './host-ports.ts'
import { maskedResult } from './masked-ports.ts'

type Needs = Pick<HostPorts, 'ledger' | 'values' | 'clock' | 'ids' | 'timer' | 'mask'>

/** The default of `mostSeconds`, the longest duration of an effect with `find`. */
const DEFAULT_MOST_SECONDS = 30
const MAX_KEY = 200

/** Implements `context.once`. Throws StepSupersededError when a later attempt has taken over. */
export function performOnce(
  { ledger, values, clock, ids, timer = platformTimer, mask }: Needs,
  own: Ownership,
  signal: AbortSignal,
  /** Before the keys in the ledger: effects with another one are other effects. */
  prefix = '',
): (key: string, effect: Effect) => Promise<Json> {
  return async (name, effect) => {
    if (name === '' || name.length > MAX_KEY)
      throw new RangeError(`the key of an effect has 1 to ${MAX_KEY} characters; this has ${name.length}`)
    const key = `${prefix}${name}`
    signal.throwIfAborted()
    const {
      perform,
      find,
      mostSeconds = DEFAULT_MOST_SECONDS,
    } = typeof effect === 'function' ? { perform: effect, find: undefined } : effect
    const claim = await ledger.claim(own, key, clock.now().toISOString())
    if (claim.kind === 'superseded') throw superseded(own.path)
    if (claim.kind === 'done') return values.loadValue(claim.result)
    const idempotencyKey = ids.digest([own.taskId, own.path, key].join('\n')).slice(0, 32)
    const known = claim.kind === 'again' && find ? await lookUp(claim.claimedAt) : undefined
    // An effect without a result is stored as null, so that it counts as performed.
    const given = known ?? (await perform(idempotencyKey)) ?? null
    requireJson(given, key)
    const result = maskedResult(mask, given)
    if (!(await ledger.complete(own, key, await values.storeValue(own.taskId, result))))
      throw superseded(own.path)
    return result

    /** Waits until the first claim's effect must have ended, then queries the target for its result (once/N3). */
    async function lookUp(claimedAt: string): Promise<Json | undefined> {
      // At most `mostSeconds`, in case the clock has been set back since the claim.
      const most = mostSeconds * 1_000
      const left = Math.min(most, Date.parse(claimedAt) + most - clock.now().getTime())
      if (left > 0) await delay(timer, left, signal)
      return find?.(idempotencyKey)
    }
  }
}

/** Waits; throws the signal's reason as soon as it aborts. */
async function delay(timer: Timer, milliseconds: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  let cancel = (): void => {}
  await orAborted(signal, () => {
    cancel = timer(milliseconds, resolve)
    return promise
  }).finally(() => cancel())
}

/**
 * Throws AgentFailedError for a result that cannot be stored: every attempt would perform the effect again, under the
 * same key.
 */
function requireJson(result: unknown, key: string): void {
  const found = notJsonIn(result)
  if (!found) return
  const message = `the effect "${key}" answered what is no JSON: ${describeNotJson(found, 'its result')}`
  throw new OrchestratorError('AgentFailedError', message)
}
