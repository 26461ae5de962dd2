/**
 * The money of a tenant in a month (`usdPerMonth`), reserved and settled as the budget of a task is, by each attempt. It is kept in parts, so that
 * many attempts at once do not write one item; what does not fit the rest of one part is taken of several.
 *
 * Invariants (tests cite them):
 * month/M1 what the attempts of a tenant have spent and hold of a month never exceeds its quota, in whatever order they reserve, settle and die
 * month/M2 an attempt belongs to the month (UTC) in which it has begun, also what it holds, spends and settles after the month's end
 * month/M3 an attempt fits where the parts have enough in all; one that is refused holds nothing
 * month/M4 what an attempt holds that has died counts as spent: when the next attempt of its step finds it, or else when its time is over
 * month/M5 an attempt waits if it would fit once others have settled, and is refused otherwise, with tenant, month, quota and what is left
 */
import { usdOf } from '../../domain/budget.ts'
import { OrchestratorError } from '../../domain/errors.ts'
import { superseded } from '../../domain/superseded.ts'
import type { KeptMoney, Money, Ports, Reservation } from '../../ports/index.ts'
import { availableIn, type Month, makePart, PARTS_OF_MONTH, partOf, usedIn } from './month-parts.ts'

/** The share of the quota that is held for a call of an agent that does not say what it may cost. */
export const SHARE_OF_MONTH = 0.01
/** Tries to take of several parts; each that is lost means that others took. */
const MOST_TRIES = 10

/** An attempt that holds money until `until` (in seconds); its fence is `holder`. */
export type Spender = { taskId: string; path: string; holder: string; until: number }
type Needs = Pick<Ports, 'clock'> & { money: Money }

/** What one attempt holds of a month, by part. Its methods are called one after another. */
export class MonthHold {
  readonly #needs: Needs
  readonly #month: Month
  readonly #spender: Spender
  readonly #slot: string
  readonly #held = new Map<number, Reservation>()

  constructor(needs: Needs, month: Month, spender: Spender) {
    this.#needs = needs
    this.#month = month
    this.#spender = spender
    this.#slot = `${spender.taskId} ${spender.path}`
  }

  /**
   * Holds so much more; `why` explains the amount. Answers what was taken of which part. Throws BudgetExceededError where it does not fit, AgentBusyError where it
   * may fit soon, StepSupersededError where a later attempt of the step holds money.
   */
  async take(nanoUsd: number, why?: string): Promise<ReadonlyMap<number, number>> {
    const taken = new Map<number, number>()
    let left = nanoUsd
    try {
      const first = hashOf(this.#slot) % PARTS_OF_MONTH
      if (await this.#grow(first, left)) return new Map([[first, left]])
      for (let tries = 0; tries < MOST_TRIES; tries++) {
        const parts = await this.#readAll(first)
        if (sumOf(parts) < left) break
        for (const { at, available } of wholeFirst(parts, left)) {
          const some = Math.min(available, left)
          if (some <= 0 || !(await this.#grow(at, some))) continue
          taken.set(at, (taken.get(at) ?? 0) + some)
          left -= some
          if (left === 0) return taken
        }
      }
      const parts = await this.#readAll(first)
      throw this.#refusal(parts, nanoUsd, nanoUsd - left, why)
    } catch (error) {
      // month/M3
      await this.give(taken, 0).catch(() => {})
      throw error
    }
  }

  /** Ends a part of the hold, as `take` has answered it, of which so much was spent. */
  async give(taken: ReadonlyMap<number, number>, spent: number): Promise<void> {
    let rest = spent
    let at = 0
    for (const [part, nanoUsd] of taken) {
      at += 1
      const paid = at === taken.size ? rest : Math.min(rest, nanoUsd)
      rest -= paid
      const held = this.#held.get(part)
      if (!held) continue
      const less = { nanoUsd, tokens: 0 }
      await this.#needs.money.shrink(partOf(this.#month, part), this.#slot, held, {
        less,
        spent: { nanoUsd: paid, tokens: 0 },
      })
      this.#held.set(part, { ...held, nanoUsd: held.nanoUsd - nanoUsd })
    }
  }

  /** Ends the attempt, which has spent so much beyond what `give` was told. */
  async end(spent: number): Promise<void> {
    await this.#cover(spent)
    let rest = spent
    const all = [...this.#held]
    this.#held.clear()
    for (const [at, [part, held]] of all.entries()) {
      const paid = at === all.length - 1 ? rest : Math.min(rest, held.nanoUsd)
      rest -= paid
      await this.#needs.money.settle(partOf(this.#month, part), this.#slot, held, {
        nanoUsd: paid,
        tokens: 0,
      })
    }
  }

  #sum(): number {
    return [...this.#held.values()].reduce((sum, { nanoUsd }) => sum + nanoUsd, 0)
  }

  /** Holds what was spent, as far as there is so much: what one part has too little, the others must not give to the next attempt. */
  async #cover(spent: number): Promise<void> {
    const held = this.#sum()
    if (spent <= held) return
    const first = hashOf(this.#slot) % PARTS_OF_MONTH
    let left = spent - held
    if (await this.#grow(first, left)) return
    for (const { at, available } of wholeFirst(await this.#readAll(first), left)) {
      const some = Math.min(available, left)
      if (some > 0 && (await this.#grow(at, some))) left -= some
    }
    // The rest is spent all the same: it is settled with what is held.
    if (this.#held.size === 0) await this.#grow(first, 0)
  }

  /** Whether the part now holds so much more for the attempt. */
  async #grow(at: number, more: number): Promise<boolean> {
    const { money } = this.#needs
    const part = partOf(this.#month, at)
    await makePart(money, this.#month, at)
    for (let tries = 0; tries < 3; tries++) {
      const before = this.#held.get(at)
      const { holder, until } = this.#spender
      const after = { nanoUsd: (before?.nanoUsd ?? 0) + more, tokens: 0, holder, until }
      const answer = before
        ? await money.enlarge(part, this.#slot, before, { nanoUsd: more, tokens: 0 })
        : await money.reserve(part, this.#slot, after)
      if (answer === 'reserved' || answer === 'enlarged') {
        this.#held.set(at, after)
        return true
      }
      const found = (await money.find(part))?.reserved.get(this.#slot)
      if (!found) return false
      // The write was made, and its answer lost.
      if (found.holder === holder && found.nanoUsd === after.nanoUsd && more > 0) {
        this.#held.set(at, found)
        return true
      }
      if (found.holder > holder) throw superseded(this.#spender.path)
      // An earlier attempt that has died; or this one, called twice: it goes on with what it holds (month/M4).
      if (found.holder < holder) await money.settle(part, this.#slot, found, found)
      else if (before) return false
      else this.#held.set(at, found)
    }
    return false
  }

  /** What all parts have, from the one on at which the attempt begins to look; what is overdue is settled on the way (month/M4). */
  async #readAll(first: number): Promise<Part[]> {
    const { money, clock } = this.#needs
    const now = clock.now().getTime() / 1_000
    const order = Array.from({ length: PARTS_OF_MONTH }, (_, at) => (first + at) % PARTS_OF_MONTH)
    return Promise.all(
      order.map(async (at) => {
        const kept = await money.find(partOf(this.#month, at))
        for (const [slot, reservation] of kept?.reserved ?? [])
          if (reservation.until <= now)
            await money.settle(partOf(this.#month, at), slot, reservation, reservation)
        return { at, available: availableIn(this.#month, at, kept), kept }
      }),
    )
  }

  #refusal(parts: readonly Part[], asked: number, own: number, why: string | undefined): OrchestratorError {
    const { tenant, month, quota } = this.#month
    const now = this.#needs.clock.now().getTime() / 1_000
    const { held } = usedIn(
      parts.map(({ kept }) => kept),
      now,
    )
    const left = sumOf(parts) + own
    const others = held - this.#sum()
    const usd = (nanoUsd: number): string => `${usdOf({ nanoUsd })} USD`
    const wants = `may cost ${usd(asked)}${why ? ` (${why})` : ''}, and ${usd(left)} are left of the quota of tenant ${tenant} for ${month}, ${usd(quota)} (${usd(others)} held by others)`
    const { path, taskId } = this.#spender
    if (left + others >= asked)
      return new OrchestratorError(
        'AgentBusyError',
        `step "${path}" waits for what other steps of tenant ${tenant} hold: it ${wants}`,
      )
    const message = `step "${path}" ${wants}; retry task ${taskId} in the next month, or with a larger usdPerMonth of the tenant in the stage`
    return new OrchestratorError('BudgetExceededError', message, { taskId, path, tenant, month })
  }
}

type Part = { at: number; available: number; kept: KeptMoney | undefined }

const sumOf = (parts: readonly Part[]): number => parts.reduce((sum, { available }) => sum + available, 0)

/** Parts that have all of it before those that have some, the fullest first. */
const wholeFirst = (parts: readonly Part[], wanted: number): Part[] => {
  const [whole, some] = [
    parts.filter(({ available }) => available >= wanted),
    parts.filter(({ available }) => available > 0 && available < wanted),
  ]
  return [...whole.slice(0, 1), ...some.toSorted((a, b) => b.available - a.available)]
}

function hashOf(text: string): number {
  let sum = 0
  for (const character of text) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) % 1_000_003
  return sum
}
