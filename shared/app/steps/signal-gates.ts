/**
 * The producers' part of a gate: a consumer that waits for steps which the structure of its workflow does not put before
 * it. Its state stores a token and sleeps; the steps it waits for add themselves, and whoever completes the set wakes it.
 *
 * Invariants (tests cite them):
 * gates/G1 a step adds itself only when its record is final: whoever is woken finds the output
 * gates/G2 adding is idempotent, and whoever sees the set complete and a token there sends, every time: two senders do no harm
 * gates/G3 a step that replays its receipt signals again: a crash between adding and sending loses no wake-up
 * gates/G4 the consumer's own write is refused once the set is complete: it does not begin to wait for what has happened
 */
import { parsePath, pathIn, placeOf } from '../../domain/instance-path.ts'
import type { Gate } from '../../domain/plan.ts'
import { runKey } from '../../domain/task.ts'
import type { Plan, Ports } from '../../ports/index.ts'

/** Tells every gate that waits for a step that the step has ended, however it ended. In a loop, those of its own round. */
export async function signalGates(
  { gates, executions }: Pick<Ports, 'gates' | 'executions'>,
  plan: Pick<Plan, 'taskId' | 'execution' | 'gates'>,
  path: string,
): Promise<void> {
  // Nobody waits for an item, but for its fan-out.
  if (parsePath(path).index !== undefined) return
  const place = placeOf(path)
  const waiting = plan.gates.filter(({ after }) => after.includes(place))
  await Promise.all(waiting.map(signal))

  async function signal({ before, after }: Gate): Promise<void> {
    // A gate and those it waits for are steps of one graph.
    const waiter = pathIn(parsePath(path).scope, parsePath(before).stepId)
    const { done, token } = await gates.passGate(runKey(plan), waiter, path)
    if (done >= new Set(after).size && token !== undefined) await executions.wake(token)
  }
}
