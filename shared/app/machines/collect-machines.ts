/**
 * Removes machines that workflows shared and nobody has used for long.
 *
 * Invariants (tests cite them):
 * machines/Q1 a machine goes only when nothing runs on it, and when nothing has ended on it that may still be redriven
 * machines/Q2 a submission and a collection at once: either the machine stays, or the submission is told to come again
 * machines/Q3 a collection that was cut short is finished by the next
 */

import { dayOf } from '../../domain/times.ts'
import type { Ports } from '../../ports/index.ts'
import { partNames } from './ensure-machine.ts'

type Needs = Pick<Ports, 'collectables' | 'machines' | 'clock'>
export type Collected = { looked: number; removed: string[]; busy: string[] }

const DAY = 86_400_000
const UNUSED_DAYS = 30

/** Safe to repeat, and to run twice at once. */
export const collectMachines =
  ({ collectables, machines, clock }: Needs) =>
  async ({ unusedDays = UNUSED_DAYS }: { unusedDays?: number } = {}): Promise<Collected> => {
    const now = clock.now()
    const before = dayOf(new Date(now.getTime() - unusedDays * DAY))
    const unused = (await collectables.listMachines()).filter(({ usedOn }) => usedOn <= before)
    const outcome: Collected = { looked: unused.length, removed: [], busy: [] }
    for (const machine of unused) {
      // From here on nobody is given it (machines/Q2).
      if (!(await collectables.claimMachine(machine))) continue
      const { name, parts } = machine
      if (!(await machines.remove(name))) {
        // As good as used today: it is looked at again when it may be unused.
        await collectables.releaseMachine({ ...machine, usedOn: dayOf(now) })
        outcome.busy.push(name)
        continue
      }
      for (const part of partNames(name, parts)) await machines.remove(part)
      await collectables.forgetMachine(name)
      outcome.removed.push(name)
    }
    return outcome
  }
