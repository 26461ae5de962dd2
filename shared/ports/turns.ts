import type { StoredValue } from '../domain/step.ts'

/** One loop of a model and tools in a step: its turns outlive the attempt that has made them. */
export type Loop = { taskId: string; path: string; loop: string }

/** The answers of the model in a loop, by turn, from 1. */
export type Turns = {
  /** The turns in order, up to the first that is missing. */
  listTurns(of: Loop, most: number): Promise<StoredValue[]>
  /** False when the turn is there already: another invocation of the step has made it, and it stays. */
  addTurn(of: Loop, turn: number, value: StoredValue): Promise<boolean>
}
