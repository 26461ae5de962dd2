/**
 * A write-ahead log of running invocations: a small file, written before each invocation is passed to a sandbox. An invocation that is
 * in it at the next start was running when the local cloud died, and is suspected of having caused that.
 *
 * Invariants (tests cite them):
 * running/R1 the key of an invocation is in the file before a sandbox gets it, and for as long as it runs there
 * running/R2 a start counts one death for each key that was running, exactly once, even if starts themselves die
 * running/R3 a death that an invocation's sandbox has outlived is excused: the sandbox was neither killed with it nor blocked
 * running/R4 a completed invocation is no longer suspected; one that was refused, or has ended its own sandbox, stays so
 * running/R5 a requested shutdown of the local cloud leaves no entry
 * running/R6 the file is bounded: by the running invocations and the newest suspects
 */
import { randomUUID } from 'node:crypto'
import {
  closeSync,
  fstatSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { SandboxSettings } from './sandbox/messages.ts'
import { NO_SUSPICION, type Suspicion } from './suspicion.ts'

const MAX_BYTES = 4 * 1024 * 1024
const MAX_SUSPECTS = 1_000
const LAST_WORD_MILLISECONDS = 2_000
const LOOK_MILLISECONDS = 10

type Line =
  | ['life', string]
  | ['suspect', string, Suspicion]
  | ['begun', string, string, number]
  | ['ended', string]

type Begun = Extract<Line, [kind: 'begun', ...unknown[]]>

export class RunningJournal {
  readonly #path: string | undefined
  readonly #life = randomUUID()
  readonly #running = new Map<string, Begun>()
  /** In order of suspicion, the newest last. */
  readonly #suspects = new Map<string, Suspicion>()
  #file: number | undefined

  private constructor(path: string | undefined) {
    this.#path = path
  }

  /** Without a file: after a crash of this process nothing is suspected. */
  static inMemory(): RunningJournal {
    return new RunningJournal(undefined)
  }

  /** Reads the journal of the previous process at `path`, and begins a new one. */
  static async open(path: string): Promise<RunningJournal> {
    const journal = new RunningJournal(path)
    await mkdir(dirname(path), { recursive: true })
    await untilGone(runningAt(readLines<Line>(path)).map(([, , , pid]) => pid))
    journal.#readEarlierLife(path)
    journal.#rewrite()
    rmSync(alibisOf(path), { force: true })
    return journal
  }

  get alibis(): SandboxSettings['alibis'] {
    return this.#path === undefined ? undefined : { file: alibisOf(this.#path), life: this.#life }
  }

  suspicionOf(key: string): Suspicion {
    return this.#suspects.get(key) ?? NO_SUSPICION
  }

  /** `id` identifies this run, `key` the invocation across restarts, `pid` its sandbox process. */
  begin(id: string, key: string, pid: number): void {
    const line: Begun = ['begun', id, key, pid]
    this.#running.set(id, line)
    this.#write(line)
  }

  /** The run is over, without a verdict on the invocation. */
  end(id: string): void {
    if (this.#running.delete(id)) this.#write(['ended', id])
  }

  /** The invocation has completed. */
  acquit(key: string): void {
    if (!this.#suspects.delete(key)) return
    this.#write(['suspect', key, NO_SUSPICION])
  }

  /** The invocation was alone in a sandbox that died. */
  blame(key: string): void {
    this.#suspect(key, { ...this.suspicionOf(key), blamed: true })
    this.#write(['suspect', key, this.suspicionOf(key)])
  }

  close(): void {
    this.#running.clear()
    this.#rewrite()
    if (this.#file !== undefined) closeSync(this.#file)
    this.#file = undefined
  }

  #suspect(key: string, suspicion: Suspicion): void {
    this.#suspects.delete(key)
    this.#suspects.set(key, suspicion)
    const [oldest] = this.#suspects.keys()
    if (this.#suspects.size > MAX_SUSPECTS && oldest !== undefined) this.#suspects.delete(oldest)
  }

  #readEarlierLife(path: string): void {
    const lines = readLines<Line>(path)
    for (const line of lines) {
      if (line[0] !== 'suspect') continue
      const [, key, { deaths, excused, blamed }] = line
      if (deaths + excused === 0 && !blamed) this.#suspects.delete(key)
      else this.#suspect(key, { deaths, excused, blamed })
    }
    const [, life] = lines.find(([kind]) => kind === 'life') ?? []
    const alibis = readLines<[string, string]>(alibisOf(path)).filter(([of]) => of === life)
    const excused = new Set(alibis.map(([, key]) => key))
    for (const key of new Set(runningAt(lines).map(([, , key]) => key))) {
      const known = this.suspicionOf(key)
      const one = excused.has(key) ? { excused: known.excused + 1 } : { deaths: known.deaths + 1 }
      this.#suspect(key, { ...known, ...one })
    }
  }

  #write(line: Line): void {
    if (this.#file === undefined) return
    writeSync(this.#file, `${JSON.stringify(line)}\n`)
    if (fstatSync(this.#file).size > MAX_BYTES) this.#rewrite()
  }

  /** Atomic (running/R2). */
  #rewrite(): void {
    if (this.#path === undefined) return
    const lines: Line[] = [
      ['life', this.#life],
      ...[...this.#suspects].map(([key, suspicion]): Line => ['suspect', key, suspicion]),
      ...this.#running.values(),
    ]
    const draft = `${this.#path}~`
    writeFileSync(draft, lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
    renameSync(draft, this.#path)
    if (this.#file !== undefined) closeSync(this.#file)
    this.#file = openSync(this.#path, 'a')
  }
}

/** The runs that began and did not end. */
function runningAt(lines: readonly Line[]): Begun[] {
  const running = new Map<string, Begun>()
  for (const line of lines) {
    if (line[0] === 'begun') running.set(line[1], line)
    if (line[0] === 'ended') running.delete(line[1])
  }
  return [...running.values()]
}

/** A sandbox that outlives the local cloud records that and ends; on a busy machine that takes a moment. */
async function untilGone(pids: readonly number[]): Promise<void> {
  for (const until = Date.now() + LAST_WORD_MILLISECONDS; Date.now() < until && pids.some(isAlive); )
    await new Promise((resolve) => setTimeout(resolve, LOOK_MILLISECONDS))
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

const alibisOf = (path: string): string => `${path}.alibis`

/** The last line may be incomplete after a crash. */
function readLines<T>(path: string): T[] {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch {
    return []
  }
  return text.split('\n').flatMap((line) => {
    try {
      return [JSON.parse(line) as T]
    } catch {
      return []
    }
  })
}
