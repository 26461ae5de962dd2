import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { Problem, ReloadEvent } from './reload-event.ts'

type Saves = {
  /** Records the contents of saved files. */
  read(paths: readonly string[]): Promise<void>
  /** The number of saves that changed a file's content. */
  count(): number
}

/** Distinguishes saves that changed a file from repeated ones: watchers may report one save twice. */
export function savedTexts(): Saves {
  const known = new Map<string, string>()
  let count = 0
  return {
    async read(paths) {
      const digests = await Promise.all(paths.map(digestOf))
      for (const [at, path] of paths.entries()) {
        if (known.get(path) !== digests[at]) count++
        known.set(path, digests[at] ?? GONE)
      }
    },
    count: () => count,
  }
}

const GONE = 'gone'
const digestOf = (path: string): Promise<string> =>
  readFile(path).then(
    (bytes) => createHash('sha256').update(bytes).digest('hex'),
    () => GONE,
  )

/**
 * Reports a problem once for the same saved contents (reload/L7). `tell` returns false, as the result of a reload that
 * is not in service.
 */
export function oneTelling(tell: (event: ReloadEvent) => void, saves: Pick<Saves, 'count'>) {
  let last: string | undefined
  return {
    tell(problem: Problem): false {
      const said = JSON.stringify([problem, saves.count()])
      if (said !== last) tell(problem)
      last = said
      return false
    },
    /** The problem is solved; returns whether there was one. */
    end(): boolean {
      const was = last !== undefined
      last = undefined
      return was
    },
  }
}
