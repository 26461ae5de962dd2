/** An agent has called `process.exit`. It has the name of a process's death, which no error that an agent throws can take. */
export class ExitCalled extends Error {
  override readonly name = 'Runtime.ExitError'
}
