/**
 * Runs code that is not trusted in QuickJS, an engine in WebAssembly within a worker thread: there is nothing in it but the language.
 *
 * Invariants (tests cite them):
 * code-run/C1 a run ends within 1.2 times its time limit, whatever the code does, and the next run is not affected
 * code-run/C2 the process needs at most 300 MB, whatever the code allocates
 * code-run/C3 the code reaches nothing of the process: no environment, files, network, modules or prototypes of the host
 * code-run/C4 what was printed and tested before a run was ended is told
 * code-run/C5 results of tests are told by the test library alone: the code can neither tell some of its own, nor keep the tests from running, nor
 *    change what they compare with, without failing
 */
import { randomBytes } from 'node:crypto'
import { type Json, RetryableError } from 'orchestrator/agent'
import {
  createRunner,
  RunAbortedError,
  RunConcurrencyError,
  RunError,
  RunProtocolError,
  RunTimeoutError,
} from 'run'
import { type Fault, faultAt } from './fault-at.ts'
import { MISSING, MOST_OUTPUT, moduleNamed, type Program, programOf, sourceNamed } from './program.ts'
import type { Ran, RunInput } from './schemas.ts'
import { withoutTypes } from './without-types.ts'

const MIB = 1024 * 1024
const MOST_STDOUT = 64 * 1024
const MOST_TESTS = 1_000
/** Calls of the host that one run may make: lines printed, tests told, modules loaded. */
const MOST_CALLS = 4_000

/** Never throws for what the code does, only when it is aborted or the process has no room for another run. */
export async function runCode(input: RunInput, signal: AbortSignal): Promise<Ran> {
  const startedAt = performance.now()
  const milliseconds = Math.round(input.timeoutSeconds * 1_000)
  const { code, tests } = input
  const texts = [code, ...(tests === undefined ? [] : [tests])]
  const stripped =
    input.language === 'javascript' ? { texts } : await withoutTypes(texts, milliseconds, signal)
  if ('fault' in stripped) return failed({ stdout: '', tests: [] }, stripped.fault)
  const random = { id: randomText(), secret: randomText() }
  const [plain = '', plainTests] = stripped.texts
  const program = programOf({ code: plain, tests: plainTests, input: input.input, random })
  const left = (): number => Math.max(1, Math.round(startedAt + milliseconds - performance.now()))
  const once = (): Promise<Ran> => runProgram({ program, input, secret: random.secret, left, signal })
  // The library loses step with its thread on a busy machine, now and then; a run has no effects, so it may be made again.
  return once().catch((error: unknown) => {
    if (error instanceof RunProtocolError) return once().catch(lost)
    throw error
  })
}

/** The code has not failed: another attempt of the step runs it. */
function lost(error: unknown): never {
  if (!(error instanceof RunProtocolError)) throw error
  throw new RetryableError(`the sandbox has lost its code: ${error.message}`, { cause: error })
}

type Run = {
  program: Program
  input: RunInput
  /** By which results of tests are known to be told by the test library. */
  secret: string
  /** The milliseconds that are left. */
  left(): number
  signal: AbortSignal
}

/** Throws RunProtocolError where the library loses step with its thread. */
async function runProgram({ program, input, secret, left, signal }: Run): Promise<Ran> {
  const told: Told = { stdout: '', tests: [] }
  try {
    const result = await createRunner({
      syncHostFunctions: { sandboxHost: hostOf(told, secret) },
    }).run({
      source: program.entry,
      sourceType: 'function-body',
      moduleLoader: loaderOf(program),
      abortSignal: signal,
      limits: {
        timeoutMs: left(),
        memoryLimitBytes: input.memoryMb * MIB,
        maxStackSizeBytes: MIB,
        maxSourceBytes: 8 * MIB,
        // A character takes up to four bytes, and the engine's own format adds to that.
        maxResultBytes: 8 * MOST_OUTPUT,
        // The console of the engine writes into the log of the function; the kit has its own.
        maxConsoleOutputBytes: 1,
        maxHostFunctionArgumentsBytes: 4 * MOST_STDOUT,
        maxHostFunctionOutputBytes: MIB,
        maxBridgeRequests: MOST_CALLS,
        maxInFlightBridgeRequests: MOST_CALLS,
      },
    })
    return result.status === 'completed'
      ? answerOf(told, String(result.value), input)
      : failed(told, NO_ANSWER)
  } catch (error) {
    if (error instanceof RunAbortedError) throw signal.reason
    if (error instanceof RunProtocolError) throw error
    if (error instanceof RunConcurrencyError)
      throw new RetryableError('no room for another run in this process', {
        retryAfterSeconds: 1,
        cause: error,
      })
    return failed(told, limitOf(error, input))
  }
}

/** Letters and digits that no code can guess. */
const randomText = (): string => randomBytes(16).toString('hex')

type Told = { stdout: string; tests: Ran['tests'] }

const NO_ANSWER: Fault = { name: 'Error', message: 'the run was interrupted' }

const failed = ({ stdout, tests }: Told, error: Fault): Ran => ({
  ok: false,
  output: null,
  stdout,
  error,
  tests,
})

function answerOf({ stdout, tests }: Told, text: string, input: RunInput): Ran {
  const answer = JSON.parse(text) as { output: Json; own: number } | { fault: Fault & { stack: string } }
  if ('fault' in answer) return failed({ stdout, tests }, named(faultAt(answer.fault, input.code), input))
  if (input.tests !== undefined && answer.own === 0) return failed({ stdout, tests }, NO_TEST)
  return { ok: tests.every(({ passed }) => passed), output: answer.output, stdout, tests }
}

/** A text without tests would otherwise pass. */
const NO_TEST: Fault = {
  name: 'Error',
  message:
    'the tests hold no test: write test("what it does", () => { expect(...).toBe(...) }), and no `return` before them',
}

function loaderOf(program: Program) {
  const { name, imports } = program.control
  let left = imports
  return {
    normalize(specifier: string): string {
      // Stacks of errors have this name: an import that comes later is not the program's own (code-run/C5).
      if (specifier !== name) return moduleNamed(specifier, program)
      left -= 1
      return left >= 0 ? name : MISSING
    },
    load: (module: string): string => sourceNamed(module, program),
  }
}

const hostOf = (told: Told, secret: string) => ({
  print: (line: unknown) => {
    told.stdout = `${told.stdout}${String(line)}\n`.slice(0, MOST_STDOUT)
  },
  tested: (by: unknown, name: unknown, passed: unknown, message: unknown) => {
    if (by !== secret || told.tests.length >= MOST_TESTS) return
    const failure = passed === true ? {} : { message: String(message).slice(0, 2_000) }
    told.tests.push({ name: String(name).slice(0, 300), passed: passed === true, ...failure })
  },
})

/** What the engine says of a run that it ended. */
function limitOf(error: unknown, input: RunInput): Fault {
  if (error instanceof RunTimeoutError)
    return {
      name: 'TimeoutError',
      message: `it ran longer than its ${input.timeoutSeconds} s; is it a loop without end, or a promise that never settles?`,
    }
  const { message } = error instanceof RunError ? error : { message: String(error) }
  return named({ name: 'Error', message: message.slice(0, 2_000) }, input)
}

/** Engines say by several names that memory or the stack was not enough. */
function named(fault: Fault, { memoryMb }: RunInput): Fault {
  if (/out of memory|memory limit|memory access out of bounds/i.test(fault.message))
    return { ...fault, name: 'OutOfMemoryError', message: `it needed more than its ${memoryMb} MB of memory` }
  if (/call stack|stack overflow/i.test(fault.message))
    return { ...fault, name: 'RangeError', message: 'it calls itself, or is nested, too deeply' }
  return fault
}
