/**
 * The producer side of a gate: a consumer step waits for steps that the workflow's structure does not put before it. Its state stores a
 * task token and sleeps; the producer steps add themselves, and the one that completes the set wakes the consumer.
 *
 * Invariants (tests cite them):
 * gates/G1 a step adds itself only when its record is final, so that the woken consumer finds its output
 * gates/G2 adding is idempotent, and every producer that sees the set complete and a token stored sends the wake-up: duplicates do no harm
 * gates/G3 a step that replays its receipt signals again, so that a crash between adding and sending loses no wake-up
 * gates/G4 the consumer's own conditional write is refused once the set is complete, so that it never waits for steps that have ended
 */
import { parsePath, pathIn, placeOf } from '../../domain/instance-path.ts'
import type { Gate } from '../../domain/plan.ts'
import { runKey } from '../../domain/task.ts'
import type { Plan, Ports } from '../../ports/index.ts'

/** Signals every gate that waits for a step, however it ended. In a loop, only gates of the same round. */
export async function signalGates(
  { gates, executions }: Pick<Ports, 'gates' | 'executions'>,
  plan: Pick<Plan, 'taskId' | 'execution' | 'gates'>,
  path: string,
): Promise<void> {
  // Steps wait for a fan-out, never for one of its items.
  if (parsePath(path).index !== undefined) return
  const place = placeOf(path)
  const waiting = plan.gates.filter(({ after }) => after.includes(place))
  await Promise.all(waiting.map(signal))

  async function signal({ before, after }: Gate): Promise<void> {
    // A gate and the steps it waits for are in the same graph.
    const waiter = pathIn(parsePath(path).scope, parsePath(before).stepId)
    const { done, token } = await gates.passGate(runKey(plan), waiter, path)
    if (done >= new Set(after).size && token !== undefined) await executions.wake(token)
  }
}
