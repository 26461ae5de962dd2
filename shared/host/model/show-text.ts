/**
 * Shows what a model says while somebody watches the task.
 *
 * Invariants (tests cite them):
 * watched-text/W1 nothing is written while nobody watches; a watcher sees the first text as soon as it is known that there is one, then at most
 *    every half second, or after 4 KB
 * watched-text/W2 only the attempt that owns the step shows text; a new attempt and the step's end clear it. The stored output is the truth
 * watched-text/W3 text that cannot be shown costs no call
 */
import { platformTimer } from '../../domain/timer.ts'
import type { Limits, StepRun } from '../step-run.ts'
import type { GateNeeds } from './host-models.ts'

const EVERY_MILLISECONDS = 500
const MOST_GATHERED = 4_096
/** The record of the step has it: its end, not all of it. */
const MOST_SHOWN = 4_000

/** The text of one call as it comes. */
export type ShownText = { add(delta: string): void; end(): Promise<void> }

export function showText(
  { steps, timer = platformTimer }: GateNeeds,
  { own }: StepRun,
  { isWatched }: Limits,
): () => ShownText {
  return () => {
    let text = ''
    let gathered = 0
    let cancel: (() => void) | undefined
    let shown: Promise<void> = Promise.resolve()
    let hasShown = false

    const show = async (): Promise<void> => {
      // watched-text/W3
      if (gathered === 0 || !(await isWatched().catch(() => false))) return
      gathered = 0
      hasShown = true
      await steps.setSaid(own, text).catch(() => {})
    }
    const flush = (): void => {
      cancel?.()
      cancel = timer(EVERY_MILLISECONDS, () => {
        cancel = undefined
        if (gathered > 0) flush()
      })
      // One write after the other: a later text stays.
      shown = shown.then(show)
    }
    return {
      add(delta) {
        text = `${text}${delta}`.slice(-MOST_SHOWN)
        gathered += delta.length
        if (gathered >= MOST_GATHERED || !cancel) flush()
      },
      async end() {
        cancel?.()
        await shown
        if (hasShown) await show()
      },
    }
  }
}
