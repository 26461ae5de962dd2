/** Why a run has no output: what the host or the task has recorded, and the value that was thrown, if it is known. */
export type WhyFailed = { name: string; message: string; thrown?: unknown }

/**
 * The run, in which reading `member` throws the error of the run, with the thrown value as its cause: a test that expects an output then prints
 * why there is none. The member is not enumerable: a failed run can be printed, copied and compared as before.
 */
export function throwOnRead<Run extends object>(
  run: Run,
  member: keyof Run & ('output' | 'result'),
  { name, message, thrown }: WhyFailed,
): Run {
  return Object.defineProperty(run, member, {
    enumerable: false,
    get() {
      const error = new Error(message, thrown === undefined ? {} : { cause: thrown })
      throw Object.defineProperty(error, 'name', { value: name, enumerable: false })
    },
  })
}
