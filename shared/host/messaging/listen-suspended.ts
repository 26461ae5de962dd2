import { type GiveNeeds, giveTo, wakeWith } from '../../app/messages/give-message.ts'
import type { Suspended } from '../../domain/suspension.ts'
import type { Ownership } from '../../ports/index.ts'

/**
 * After a suspension until a message was recorded: notes what the step waits for, then looks whether that has come before (message-waits/G1). Repeated by
 * every call that finds the step waiting.
 */
export async function listenSuspended(
  ports: GiveNeeds,
  { own, suspended }: { own: Ownership; suspended: Suspended },
): Promise<void> {
  const { until, n, endsAt } = suspended
  if (until.kind !== 'message') return
  const wish = { token: '', suspension: n, filter: until.message, until: endsAt }
  const listening = await ports.messages.listen(own, wish)
  // A later call has the step.
  if (!listening) return
  const given = await giveTo(ports, listening)
  if (given.listener.heard) await wakeWith(ports, given)
}
