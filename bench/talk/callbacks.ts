import type { TaskState } from '../../shared/compiler/asl.ts'
import { statesOfSuspension } from '../../shared/compiler/suspend-states.ts'
import { exploreSuspension, STEP } from '../../test/support/models/suspension-model.ts'

export type Callbacks = { cases: number; resumedTwice: number; lost: number }

/** Every order of two answers to a callback, the end of its time, crashes, late writes, a redrive and a cancellation, of the production's own code. */
export async function callbacks(): Promise<Callbacks> {
  const state = statesOfSuspension(STEP, 'next')[`${STEP.name}: suspend`] as TaskState
  const { situations, twice, lost } = await exploreSuspension(state)
  return { cases: situations, resumedTwice: twice ? 1 : 0, lost: lost ? 1 : 0 }
}
