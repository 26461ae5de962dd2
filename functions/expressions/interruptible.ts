import { Script } from 'node:vm'
import { OrchestratorError } from '../../shared/domain/errors.ts'
import { type Bound, tookTooLong } from '../../shared/workflow/bounded-work.ts'

/** The global through which the script finds its work: a script has no arguments. */
const SLOT = Symbol.for('orchestrator.work')
const script = new Script('globalThis[Symbol.for("orchestrator.work")]()')
const globals = globalThis as { [SLOT]?: (() => void) | undefined }

/** Lambda gives one full processor at this memory size, and proportionally less below it. */
const MEMORY_OF_A_PROCESSOR_MB = 1_769
/**
 * A run that used less than this share of the processor was not slow but starved of processor time. The threshold is half of what
 * a small function gets.
 */
const ownShare = (): number =>
  Math.min(
    0.25,
    (0.5 * Number(process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE ?? MEMORY_OF_A_PROCESSOR_MB)) /
      MEMORY_OF_A_PROCESSOR_MB,
  )

/** Runs work in this thread and realm; V8 interrupts it, also within a regular expression (shared/workflow/bounded-work.ts, work/K1). About 0.1 ms. */
export const interruptible: Bound = <T>(what: string, work: () => T, mostMilliseconds: number): T => {
  const around = globals[SLOT]
  const before = process.threadCpuUsage()
  let result: { value: T } | undefined
  globals[SLOT] = () => {
    result = { value: work() }
  }
  try {
    script.runInThisContext({ timeout: mostMilliseconds })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error
    const { user, system } = process.threadCpuUsage(before)
    if ((user + system) / 1_000 > ownShare() * mostMilliseconds) throw tookTooLong(what, mostMilliseconds)
    throw new OrchestratorError('UnavailableError', `${what} has had no processor for ${mostMilliseconds} ms`)
  } finally {
    globals[SLOT] = around
  }
  return (result as { value: T }).value
}
