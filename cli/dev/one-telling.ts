import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { Problem, ReloadEvent } from './reload-event.ts'

type Saves = {
  /** Notes the texts of files that were saved. */
  read(paths: readonly string[]): Promise<void>
  /** How often a file was saved with another text than before. */
  count(): number
}

/** Tells saves that changed a text from those that did not: watchers may report one save twice. */
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

/** Tells a problem unless it was told of the same texts (reload/L7); `tell` returns false, for it is not in service. */
export function oneTelling(tell: (event: ReloadEvent) => void, saves: Pick<Saves, 'count'>) {
  let last: string | undefined
  return {
    tell(problem: Problem): false {
      const said = JSON.stringify([problem, saves.count()])
      if (said !== last) tell(problem)
      last = said
      return false
    },
    /** The problem is over; returns whether there was one. */
    end(): boolean {
      const was = last !== undefined
      last = undefined
      return was
    },
  }
}
