import type { Ports, Wait } from '../../ports/index.ts'

/** Invariants waiting/W1 and waiting/W2: waits/waiting.ts. */
type Needs = Pick<Ports, 'tasks' | 'waits'>
type Run = { id: string; tenant: string; execution: Wait['execution'] }

/** Tries to agree with others that begin and end waits of the same task. */
const MOST_TRIES = 20

/**
 * After a wait has ended. Reads before it writes, also when others still wait: one that ended before may have crashed between its write of
 * the status and its second look (waiting/W2).
 */
export async function lookAgain(ports: Needs, run: Run): Promise<void> {
  const isWaiting = await ports.waits.hasWaits(run.id)
  const task = await ports.tasks.findTask(run.id)
  if (task?.status === (isWaiting ? 'running' : 'waiting')) await agree(ports, run, isWaiting)
}

/** Writes the status until it is what the waits say (waiting/W1). */
export async function agree({ tasks, waits }: Needs, run: Run, wanted: boolean): Promise<void> {
  let isWaiting = wanted
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    await tasks.setWaiting(run, isWaiting ? 'waiting' : 'running')
    const now = await waits.hasWaits(run.id)
    if (now === isWaiting) return
    isWaiting = now
  }
}
