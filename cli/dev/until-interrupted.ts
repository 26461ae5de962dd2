/** A terminal sends Ctrl-C to every process of the group, and a parent may forward it: signals this close count as one. */
const SAME_MILLISECONDS = 500

/** Resolves at the first Ctrl-C or SIGTERM; a second one, later, ends the process at once. */
export function untilInterrupted(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  let first: number | undefined
  const interrupted = (): void => {
    if (first === undefined) {
      first = Date.now()
      resolve()
    } else if (Date.now() - first > SAME_MILLISECONDS) {
      process.exit(130)
    }
  }
  process.on('SIGINT', interrupted)
  process.on('SIGTERM', interrupted)
  return promise
}
