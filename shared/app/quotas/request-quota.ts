/**
 * Requests of a tenant in a minute. Each instance of the API takes requests from the minute's one counter in batches and gives them out from its
 * memory, so that most requests write nothing.
 *
 * Invariants (tests cite them):
 * requests/R1 in a minute (UTC) a tenant's requests that are let in never exceed its quota, however many instances let them in
 * requests/R2 what an instance has taken and not given out by the minute's end is lost: at most an eighth of what it has let in within that minute. The
 *    first ones are taken one by one, and no batch is more than a fiftieth of the quota
 * requests/R3 a refusal says when the next minute begins; an instance that knows the minute to be used up writes nothing to refuse
 */
import { OrchestratorError } from '../../domain/errors.ts'
import { minuteOf, nextMinute, secondsTo } from '../../domain/quotas.ts'
import type { Ports } from '../../ports/index.ts'

/** What one instance knows of a tenant's minute. */
type Window = {
  minute: string
  /** What it has taken, and may give out. */
  left: number
  /** What all had taken when it last took some. */
  used: number
  /** How many it has let in. */
  letIn: number
  isFull: boolean
  /** A write that is under way: those that come meanwhile wait for it. */
  taking?: Promise<void>
}

/** What is left of a tenant's minute, as far as this instance knows; `seconds` until the next one begins. */
export type Allowance = { most: number; left: number; seconds: number }

const PARTS_OF_QUOTA = 50
const PARTS_OF_LET_IN = 8
/** More tenants than this are forgotten; each of them begins to take one by one again. */
const MOST_TENANTS = 10_000
const MINUTE_SECONDS = 60

/** Lets a tenant's requests in. One for each instance of the API. */
export class RequestQuota {
  readonly #ports: Pick<Ports, 'quotas' | 'clock'>
  readonly #windows = new Map<string, Window>()

  constructor(ports: Pick<Ports, 'quotas' | 'clock'>) {
    this.#ports = ports
  }

  /** Takes a request; undefined for a tenant without this quota. Throws TooManyRequestsError, with the headers that tell of it. */
  async take(tenant: string): Promise<Allowance | undefined> {
    const most = this.#ports.quotas.quotasOf(tenant).requestsPerMinute
    if (most === undefined) return undefined
    const window = this.#windowOf(tenant)
    while (window.left === 0 && !window.isFull) {
      window.taking ??= this.#more(tenant, window, most).finally(() => delete window.taking)
      await window.taking
    }
    const seconds = this.#secondsLeft()
    if (window.left === 0) {
      const message = `tenant "${tenant}" has used its quota of ${most} requests a minute (requestsPerMinute of the stage); the next minute begins in ${seconds} s`
      const headers = { 'retry-after': String(seconds), ...headersOf({ most, left: 0, seconds }) }
      throw new OrchestratorError('TooManyRequestsError', message, { tenant, headers })
    }
    window.left -= 1
    window.letIn += 1
    return { most, left: most - window.used + window.left, seconds }
  }

  #secondsLeft(): number {
    const now = this.#ports.clock.now()
    return secondsTo(nextMinute(now), now)
  }

  #windowOf(tenant: string): Window {
    const minute = minuteOf(this.#ports.clock.now())
    const known = this.#windows.get(tenant)
    if (known?.minute === minute) return known
    if (this.#windows.size >= MOST_TENANTS) this.#windows.clear()
    const begun = { minute, left: 0, used: 0, letIn: 0, isFull: false }
    this.#windows.set(tenant, begun)
    return begun
  }

  /** Takes a batch, or as much as there is (requests/R2). */
  async #more(tenant: string, window: Window, most: number): Promise<void> {
    const largest = Math.max(1, Math.floor(most / PARTS_OF_QUOTA))
    const batch = Math.min(largest, 1 + Math.floor(window.letIn / PARTS_OF_LET_IN))
    for (let amount = batch; amount >= 1; amount = Math.floor(amount / 2)) {
      const taken = await this.#ports.quotas.takeRequests(tenant, window.minute, amount, most)
      if (!taken) continue
      window.left += amount
      window.used = taken.used
      return
    }
    window.isFull = true
  }
}

/** The headers of the IETF's draft (draft-ietf-httpapi-ratelimit-headers-10): the quota, what is left of it, and for how long. */
export const headersOf = ({ most, left, seconds }: Allowance): Record<string, string> => ({
  'ratelimit-policy': `"requests";q=${most};w=${MINUTE_SECONDS}`,
  ratelimit: `"requests";r=${left};t=${seconds}`,
})
