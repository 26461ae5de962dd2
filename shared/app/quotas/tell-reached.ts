import { quotaReachedEvent } from '../../domain/event.ts'
import type { Ports } from '../../ports/index.ts'

type Reached = Parameters<typeof quotaReachedEvent>[0]

/** What was told on a bus, once for each worker and period. */
const told = new WeakMap<Ports['bus'], Set<string>>()
const MOST_TOLD = 10_000

/** Publishes that a tenant has used up a quota. Best effort, and nothing without a bus: the refusal says it too. */
export async function tellReached(
  { bus, clock }: Pick<Ports, 'clock'> & { bus: Ports['bus'] | undefined },
  reached: Reached,
): Promise<void> {
  if (!bus) return
  const known = told.get(bus) ?? new Set()
  told.set(bus, known)
  const event = quotaReachedEvent(reached, clock.now())
  if (known.has(event.id)) return
  if (known.size >= MOST_TOLD) known.clear()
  known.add(event.id)
  await bus.publish([event]).catch(() => {})
}
