import type { FunctionError } from './messages.ts'
import { plainLine } from './plain-line.ts'

type End = {
  /** Undefined if a signal ended the process. */
  exitCode: number | undefined
  signal: string | undefined
  /** The end of its stderr. */
  lastWords: string
  /** The end of all its output. */
  lastOutput: string
  memoryMb: number
}

/** What V8, Node.js and C++ print when they run out of memory. */
const OUT_OF_MEMORY =
  /heap out of memory|process out of memory|JavaScript out of memory|invalid (array|table) size|[Aa]llocation failed|bad_alloc|Zone Allocation|failed to (allocate|reserve)/

/** In Go's wording, because Lambda's own runtime is written in Go. */
const SIGNALS: Readonly<Record<string, string>> = {
  SIGABRT: 'aborted',
  SIGBUS: 'bus error',
  SIGFPE: 'floating point exception',
  SIGHUP: 'hangup',
  SIGILL: 'illegal instruction',
  SIGINT: 'interrupt',
  SIGKILL: 'killed',
  SIGQUIT: 'quit',
  SIGSEGV: 'segmentation fault',
  SIGTERM: 'terminated',
  SIGTRAP: 'trace/breakpoint trap',
}

/** Exit codes of a process that aborted or crashed, with those of Windows. */
const ABORTED_CODES = [134, 0x80000003, 0xc0000005, 0xc0000409]

/** The error of the invocation that a sandbox process has ended in, named as on Lambda. */
export function howItEnded(end: End): FunctionError {
  return { ...nameOf(end), trace: lastLinesOf(end.lastOutput) }
}

/** How much of the end of a process's output is kept. */
export const LAST_OUTPUT_CHARACTERS = 8_192
const MOST_LINES = 10
const MOST_LINE_CHARACTERS = 300

/**
 * What the function itself has written last, as lines for people: without metrics, without lines of the host, and without what V8 prints
 * when it dies. The first line is left out where the output was cut: it may be half a line.
 */
export function lastLinesOf(output: string): string[] {
  const isCut = output.length >= LAST_OUTPUT_CHARACTERS
  const [own = ''] = output.split(/\n<--- Last few GCs --->|\n#\n# Fatal|\nFATAL ERROR: /)
  const lines = own.split('\n').slice(isCut ? 1 : 0)
  return lines
    .flatMap((line) => (line.trim() === '' ? [] : (plainLine(line) ?? [])))
    .slice(-MOST_LINES)
    .map((line) => line.slice(0, MOST_LINE_CHARACTERS))
}

function nameOf({ exitCode, signal, lastWords, memoryMb }: End): FunctionError {
  const hasCrashed = signal !== undefined || ABORTED_CODES.includes(exitCode ?? 0)
  if (hasCrashed && OUT_OF_MEMORY.test(lastWords)) return outOfMemory(memoryMb)
  if (signal !== undefined) {
    const word = SIGNALS[signal] ?? signal.toLowerCase()
    return exitError(`Runtime exited with error: signal: ${word}`)
  }
  if (exitCode === 0) return exitError('Runtime exited without providing a reason')
  return exitError(`Runtime exited with error: exit status ${exitCode}`)
}

export function outOfMemory(memoryMb: number): FunctionError {
  return {
    errorType: 'Runtime.OutOfMemory',
    errorMessage: `Runtime exited with error: signal: killed: the function used more memory than its ${memoryMb} MB`,
    trace: [],
  }
}

export function exitError(errorMessage: string): FunctionError {
  return { errorType: 'Runtime.ExitError', errorMessage, trace: [] }
}
