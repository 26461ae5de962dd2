/** State machines as they are made, published and removed at run time. */
export type Machines = {
  /** The ARN that a machine of this name has, or would have. Throws InvalidInputError for a name that is too long. */
  arnOf(name: string): string
  /**
   * The ARN of the machine with this name, which is created unless it is there: two that ask at once get one. The definition's
   * `${...}` are filled in. Throws UnavailableError when no more can be created now, InvalidInputError for a name that is too long.
   */
  ensure(machine: { name: string; definition: object }): Promise<string>
  /**
   * The ARN under which a machine stays as it is now, however often it is deployed anew: `known`, the one of before, as long as the
   * machine has not changed since. Versions far behind are removed; what runs on them goes on. Throws UnavailableError when no more
   * can be published now.
   */
  publish(stateMachineArn: string, known?: string): Promise<string>
  /**
   * By name or ARN. False, and nothing done, while an execution runs on it or one has ended so lately that it may be redriven. A machine that is
   * not there is removed already. `evenBusy`: executions are ended with it.
   */
  remove(machine: string, options?: { evenBusy?: boolean }): Promise<boolean>
}
