/**
 * Effects on the world outside that happen once, although the step that has them is tried again.
 *
 * Invariants (tests cite them):
 * once/N1 an effect whose result is known is not performed again, by whichever attempt
 * once/N2 every attempt performs it under one idempotency key: a target that honours it performs it once, also where an attempt was
 *    cut off after the effect and before its result was kept
 * once/N3 a target that can be asked is asked before the effect is performed again, and not before the first claim has had its time
 * once/N4 a late attempt does not perform what a later one has claimed
 */
import type { Effect } from '../agent/index.ts'
import { OrchestratorError } from '../domain/errors.ts'
import type { Json } from '../domain/json.ts'
import { describeNotJson, notJsonIn } from '../domain/not-json.ts'
import { superseded } from '../domain/superseded.ts'
import type { Ownership } from '../ports/index.ts'
import { type HostPorts, platformTimer, type Timer } from './host-ports.ts'

type Needs = Pick<HostPorts, 'ledger' | 'values' | 'clock' | 'ids' | 'timer'>

/** How long an effect that can be asked about may take, where it does not say. */
const DEFAULT_MOST_SECONDS = 30
const MAX_KEY = 200

/** What an agent knows as `context.once`. Throws StepSupersededError when a later attempt has taken over. */
export function performOnce(
  { ledger, values, clock, ids, timer = platformTimer }: Needs,
  own: Ownership,
  signal: AbortSignal,
): (key: string, effect: Effect) => Promise<Json> {
  return async (key, effect) => {
    if (key === '' || key.length > MAX_KEY)
      throw new RangeError(`the key of an effect has 1 to ${MAX_KEY} characters; this has ${key.length}`)
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
    // An effect that answers nothing has happened all the same.
    const result = known ?? (await perform(idempotencyKey)) ?? null
    requireJson(result, key)
    if (!(await ledger.complete(own, key, await values.storeValue(own.taskId, result))))
      throw superseded(own.path)
    return result

    /** once/N3. */
    async function lookUp(claimedAt: string): Promise<Json | undefined> {
      // Never longer than it may take: a clock may have gone back since.
      const most = mostSeconds * 1_000
      const left = Math.min(most, Date.parse(claimedAt) + most - clock.now().getTime())
      if (left > 0) await delay(timer, left, signal)
      return find?.(idempotencyKey)
    }
  }
}

/** Throws the signal's reason as soon as it aborts. */
async function delay(timer: Timer, milliseconds: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const cancel = timer(milliseconds, resolve)
  const abort = (): void => reject(signal.reason)
  signal.addEventListener('abort', abort, { once: true })
  try {
    await promise
  } finally {
    cancel()
    signal.removeEventListener('abort', abort)
  }
}

/** Throws AgentFailedError: the effect is performed again under the same key, as long as its result cannot be kept. */
function requireJson(result: unknown, key: string): void {
  const found = notJsonIn(result)
  if (!found) return
  const message = `the effect "${key}" answered what is no JSON: ${describeNotJson(found, 'its result')}`
  throw new OrchestratorError('AgentFailedError', message)
}
