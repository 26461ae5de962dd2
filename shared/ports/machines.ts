/** State machines as they are made, published and removed at run time. */
export type Machines = {
  /**
   * The ARN of the machine with this name, which is created unless it is there: two that ask at once get one. The definition's
   * `${...}` are filled in. Throws UnavailableError when no more can be created now, InvalidInputError for a name that is too long.
   */
  ensure(machine: { name: string; definition: object }): Promise<string>
  /**
   * The ARN under which a machine stays as it is now, however often it is deployed anew; the same as long as it has not changed.
   * Versions far behind are removed; what runs on them goes on.
   */
  publish(stateMachineArn: string): Promise<string>
  /**
   * By name or ARN. False, and nothing done, while an execution runs on it or one has ended so lately that it may be redriven. A machine that is
   * not there is removed already. `evenBusy`: executions are ended with it.
   */
  remove(machine: string, options?: { evenBusy?: boolean }): Promise<boolean>
}
