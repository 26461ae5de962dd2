/**
 * Has tasks that ended before the stage said for how long they are kept expire as it says now: once after each change of it.
 *
 * Invariants (tests cite them):
 * retention/N1 after a pass every task that has ended expires as one that ends now, whenever it ended; where a stage keeps tasks for good again, none does
 * retention/N2 a run that ends at any instant is gone on with by the next, and runs at once do no harm
 */
import type { IsTimeUp } from '../../ports/deletions.ts'
import type { Ports } from '../../ports/index.ts'
import type { RetentionPass } from '../../ports/retention.ts'

type Needs = Pick<Ports, 'retention'>
type Applied = { changed: number; isDone: boolean }

/** Few, and one after another: it must not take from tasks what they need of the table. */
const AT_ONCE = 5

export const applyRetention =
  ({ retention }: Needs) =>
  async (isTimeUp: IsTimeUp = () => false): Promise<Applied> => {
    const { days } = retention
    let pass: RetentionPass | undefined = await retention.findPass()
    // A stage that has never said anything has nothing to apply.
    if (!pass && days === undefined) return { changed: 0, isDone: true }
    if (!pass || pass.days !== days) {
      pass = {
        ...(days === undefined ? {} : { days }),
        done: false,
        changed: 0,
        revision: pass?.revision ?? 0,
      }
    }
    let changed = 0
    while (!pass.done && !isTimeUp()) {
      const { tasks, cursor } = await retention.listEnded(pass.cursor)
      let now = 0
      for (let at = 0; at < tasks.length; at += AT_ONCE) {
        // The page is repeated by the next run; what is done of it by then is passed over.
        if (isTimeUp()) return { changed: changed + now, isDone: false }
        const applied = await Promise.all(
          tasks.slice(at, at + AT_ONCE).map((task) => retention.applyTo(task)),
        )
        now += applied.filter(Boolean).length
      }
      changed += now
      const { cursor: _before, ...rest }: RetentionPass = pass
      const next: RetentionPass = {
        ...rest,
        changed: pass.changed + now,
        done: cursor === undefined,
        ...(cursor === undefined ? {} : { cursor }),
      }
      if (!(await retention.savePass(next))) return { changed, isDone: false }
      pass = { ...next, revision: next.revision + 1 }
    }
    return { changed, isDone: pass.done }
  }
