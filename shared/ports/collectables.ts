/** A state machine that nobody may need any more one day: workflows of one shape share it, or a deployment has left it. */
export type CollectableMachine = {
  name: string
  /** How many machines it starts. */
  parts: number
  /** Day of its last use, UTC: `2026-11-23`. */
  usedOn: string
}

/** State machines to collect once they have been unused for long. */
export type Collectables = {
  /** Notes the use of a machine before it is used; false while it is being collected. */
  useMachine(machine: CollectableMachine): Promise<boolean>
  listMachines(): Promise<CollectableMachine[]>
  /** Nobody may use it from here on; false when somebody has since that day. */
  claimMachine(machine: CollectableMachine): Promise<boolean>
  /** Takes the claim back: it may be used again, and was last used on that day. */
  releaseMachine(machine: CollectableMachine): Promise<void>
  forgetMachine(name: string): Promise<void>
}
