/** State machines that are made at run time. */
export type Machines = {
  /**
   * The ARN of the machine with this name, which is created unless it is there: two that ask at once get one. The definition's
   * `${...}` are filled in. Throws UnavailableError when no more can be created now, InvalidInputError for a name that is too long.
   */
  ensure(machine: { name: string; definition: object }): Promise<string>
  /**
   * False, and nothing done, while an execution runs on it or one has ended so lately that it may be redriven. A machine that is
   * not there is removed already.
   */
  remove(name: string): Promise<boolean>
}
