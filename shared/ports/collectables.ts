/** A state machine that may become unused: workflows of one shape share it, or a deployment has left it behind. */
export type CollectableMachine = {
  name: string
  /** How many machines its executions start as parts. */
  parts: number
  /** Day of its last use, UTC: `2026-11-23`. */
  usedOn: string
}

/** State machines, for garbage collection once they have been unused for long. */
export type Collectables = {
  /** Records a use of a machine beforehand; false while the machine is being collected. */
  useMachine(machine: CollectableMachine): Promise<boolean>
  listMachines(): Promise<CollectableMachine[]>
  /** Claims the machine for removal, so that later uses are refused; false when it was used after that day. */
  claimMachine(machine: CollectableMachine): Promise<boolean>
  /** Releases the claim: the machine may be used again, and counts as last used on that day. */
  releaseMachine(machine: CollectableMachine): Promise<void>
  forgetMachine(name: string): Promise<void>
}
