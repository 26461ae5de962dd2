/** A change that was made to a draft without asking, because only one thing can have been meant. */
export type Repair = {
  rule: RepairRule
  path: string
  /** What stood there and what stands there now. */
  message: string
  /** Said of a name that was understood by its words, and not by its letters: a person should look at it. */
  guessed?: true
}

export type RepairRule =
  | 'answer'
  | 'name'
  | 'steps'
  | 'step-id'
  | 'field'
  | 'capability'
  | 'need'
  | 'input'
  | 'expression'

export const repaired = (rule: RepairRule, path: string, message: string): Repair => ({ rule, path, message })
