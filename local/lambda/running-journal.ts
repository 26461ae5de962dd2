/**
 * Which invocations were running when the local cloud died: a small file, written before each invocation is handed to a sandbox.
 * What is named in it when a start reads it was running at a death, and is under suspicion of having caused it.
 *
 * Invariants (tests cite them):
 * running/R1 the key of an invocation is in the file before a sandbox gets it, and for as long as it runs there
 * running/R2 a start adds one death for each key that was running, once, however often starts die on the way
 * running/R3 a death that an invocation's sandbox has outlived is an excused one: it was not killed along, and had not hung
 * running/R4 what has run to its answer is under suspicion no more; what was refused, or has ended its own sandbox, stays so
 * running/R5 the local cloud's own end by request leaves nothing running
 * running/R6 the file is bounded: by what runs, and by the newest suspects
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
  /** The newest last. */
  readonly #suspects = new Map<string, Suspicion>()
  #file: number | undefined

  private constructor(path: string | undefined) {
    this.#path = path
  }

  /** For as long as this process lives: what ran when it died is not known afterwards. */
  static inMemory(): RunningJournal {
    return new RunningJournal(undefined)
  }

  /** Reads what an earlier life has left at `path`, and begins a new one. */
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

  /** `id` is this run's own, `key` the invocation's in every life, `pid` its sandbox's. */
  begin(id: string, key: string, pid: number): void {
    const line: Begun = ['begun', id, key, pid]
    this.#running.set(id, line)
    this.#write(line)
  }

  /** It runs no more, and nothing is known of it that was not before. */
  end(id: string): void {
    if (this.#running.delete(id)) this.#write(['ended', id])
  }

  /** It has run to its answer. */
  acquit(key: string): void {
    if (!this.#suspects.delete(key)) return
    this.#write(['suspect', key, NO_SUSPICION])
  }

  /** It was alone in a sandbox that died. */
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

  /** Whole or not at all (running/R2). */
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

/** What had begun and not ended. */
function runningAt(lines: readonly Line[]): Begun[] {
  const running = new Map<string, Begun>()
  for (const line of lines) {
    if (line[0] === 'begun') running.set(line[1], line)
    if (line[0] === 'ended') running.delete(line[1])
  }
  return [...running.values()]
}

/** A sandbox that outlives the local cloud says so and ends; on a busy machine that takes a moment. */
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

/** A death may have cut the last line off. */
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
