/** Creates, publishes and removes state machines at run time. */
export type Machines = {
  /** The ARN that a machine of this name has, or would have. Throws InvalidInputError for a name that is too long. */
  arnOf(name: string): string
  /**
   * The ARN of the machine with this name, which is created unless it exists; concurrent calls get the same machine. The `${...}`
   * placeholders of the definition are substituted. Throws UnavailableError when throttled, InvalidInputError for a name that is too long.
   */
  ensure(machine: { name: string; definition: object }): Promise<string>
  /**
   * Publishes the machine's present definition as an immutable version and returns its ARN; `known`, the previous version, is returned
   * while the machine has not changed since. Old versions are removed, without effect on their executions. Throws UnavailableError when
   * throttled.
   */
  publish(stateMachineArn: string, known?: string): Promise<string>
  /**
   * Removes a machine by name or ARN. False, and nothing is done, while an execution runs on it or one has ended so recently that it may be
   * redriven; true for a machine that does not exist. With `evenBusy`, running executions end with it.
   */
  remove(machine: string, options?: { evenBusy?: boolean }): Promise<boolean>
}
