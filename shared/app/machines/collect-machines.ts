/**
 * Garbage-collects shared machines that have been unused for long.
 *
 * Invariants (tests cite them):
 * machines/Q1 a machine is removed only when no execution runs on it, and none has ended that may still be redriven
 * machines/Q2 when a submission and a collection race, either the machine stays, or the submission is told to try again
 * machines/Q3 an interrupted collection is completed by the next
 */

import { dayOf } from '../../domain/times.ts'
import type { Ports } from '../../ports/index.ts'
import { partNames } from './ensure-machine.ts'

type Needs = Pick<Ports, 'collectables' | 'machines' | 'clock'>
export type Collected = { looked: number; removed: string[]; busy: string[] }

const DAY = 86_400_000
const UNUSED_DAYS = 30

/** Idempotent, also when run concurrently. */
export const collectMachines =
  ({ collectables, machines, clock }: Needs) =>
  async ({ unusedDays = UNUSED_DAYS }: { unusedDays?: number } = {}): Promise<Collected> => {
    const now = clock.now()
    const before = dayOf(new Date(now.getTime() - unusedDays * DAY))
    const unused = (await collectables.listMachines()).filter(({ usedOn }) => usedOn <= before)
    const outcome: Collected = { looked: unused.length, removed: [], busy: [] }
    for (const machine of unused) {
      // From here on no submission gets the machine (machines/Q2).
      if (!(await collectables.claimMachine(machine))) continue
      const { name, parts } = machine
      if (!(await machines.remove(name))) {
        // Marked as used today, so that it is checked again after the full period.
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
