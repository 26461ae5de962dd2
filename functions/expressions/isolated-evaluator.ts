/**
 * Evaluates users' expressions in isolation, where they can neither read the process's data nor block its event loop: a few worker
 * threads, each with a realm that has nothing but the language.
 *
 * Invariants (tests cite them):
 * isolation/I1 every evaluation ends: after about a second of processor time, or at its memory limit, its thread is
 *    terminated and the error names the expression
 * isolation/I2 a busy machine fails no evaluation: the limit counts processor time, not wall-clock time
 * isolation/I3 a long evaluation does not block others, as long as memory allows another thread
 * isolation/I4 the realm contains nothing of the process: no environment, files or modules, and no way to turn text
 *    into code
 */

import type { Answers } from '../../shared/workflow/evaluate-in-order.ts'
import type { Evaluation } from '../../shared/workflow/evaluate-text.ts'
import { type Asked, type Evaluator, randomText } from '../../shared/workflow/evaluator.ts'
import { Isolate, type IsolateSettings } from './isolate.ts'

type Waiting = { asked: readonly Asked[]; answer: (answers: Promise<Answers>) => void }

/** The limit for the evaluating thread alone; garbage collection on other threads comes on top: about a second in all. */
const PROCESSOR_MILLISECONDS = 800
const WALL_MILLISECONDS = 60_000
const MOST_THREADS = 4
/** Another thread is opened when one has been busy this long and an evaluation is waiting; opening one takes about as long. */
const LONG_MILLISECONDS = 20
const LOOK_MILLISECONDS = 20
const IDLE_MILLISECONDS = 30_000
/** JSON text per megabyte of memory: parsed values take several times the space of their text. */
const CHARACTERS_PER_MB = 150_000

export function isolatedEvaluator(
  settings: Pick<IsolateSettings, 'module' | 'realm' | 'memoryMb'> & Partial<IsolateSettings>,
): Evaluator & { stop(): Promise<void> } {
  const complete = {
    processorMilliseconds: PROCESSOR_MILLISECONDS,
    wallMilliseconds: WALL_MILLISECONDS,
    ...settings,
  }
  const isolates = new Set<Isolate>()
  const waiting: Waiting[] = []
  let looking: NodeJS.Timeout | undefined
  let idleSince = performance.now()

  function open(): Isolate {
    const isolate: Isolate = new Isolate(complete, () => {
      isolates.delete(isolate)
      serve()
    })
    isolates.add(isolate)
    return isolate
  }

  const usable = (): Isolate[] => [...isolates].filter(({ isEnded }) => !isEnded)

  /** Whether memory allows one more thread (isolation/I3). */
  function mayOpen(open: readonly Isolate[]): boolean {
    return (
      open.length < MOST_THREADS && open.every(({ busyMilliseconds }) => busyMilliseconds > LONG_MILLISECONDS)
    )
  }

  function serve(): void {
    while (waiting.length > 0) {
      const all = usable()
      const isolate = all.find(({ isBusy }) => !isBusy) ?? (mayOpen(all) ? open() : undefined)
      if (!isolate) break
      const { asked, answer } = waiting.shift() as Waiting
      const answers = isolate.run(asked.map(evaluationOf))
      answer(answers)
      answers.catch(() => {}).finally(serve)
    }
    looking ??= setInterval(look, LOOK_MILLISECONDS)
  }

  function look(): void {
    const busy = usable().filter(({ isBusy }) => isBusy)
    for (const isolate of busy) void isolate.watch()
    const now = performance.now()
    if (busy.length > 0 || waiting.length > 0) {
      idleSince = now
      looking?.ref()
      serve()
    } else {
      looking?.unref()
      if (now - idleSince > IDLE_MILLISECONDS) void rest()
    }
  }

  /** Terminates idle threads. */
  async function rest(): Promise<void> {
    clearInterval(looking)
    looking = undefined
    await Promise.all([...isolates].map((isolate) => isolate.end()))
  }

  const mostNames = settings.memoryMb * CHARACTERS_PER_MB
  const evaluate: Evaluator = async (asked) => {
    const large = asked.findIndex(({ names }) => names.length > mostNames)
    if (large >= 0) return { failedAt: large, error: tooMuchData(asked[large]?.names.length ?? 0, mostNames) }
    return new Promise((answer) => {
      waiting.push({ asked, answer })
      serve()
    })
  }
  return Object.assign(evaluate, { stop: rest })
}

const tooMuchData = (length: number, most: number): string =>
  `it works on ${length} characters of data (as JSON); the most is ${most}. Hand the value on as it is, or have an agent work on it`

const evaluationOf = (asked: Asked): Evaluation => ({ ...asked, random: randomText() })
