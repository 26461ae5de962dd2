import { basename } from 'node:path'
import { watch } from 'chokidar'

/** A debounce: editors save in two writes, or write a new file and rename it. */
const SETTLED_MILLISECONDS = 60

/** Temporary files of editors and systems. */
const TEMPORARY = /^(\.#.*|#.*#|.*~|.*\.(swp|swx|tmp|bak|orig)|4913|\.DS_Store|___jb_\w+___)$/

type Watched = {
  /** Gets absolute paths, after a moment without further changes; `since` is when the first one changed, as of `performance.now()`. */
  onChange(paths: readonly string[], since: number): void | Promise<void>
  /** Called once, for the first path that cannot be watched: the system's limit of watchers applies to all that follow. */
  onProblem(error: Error): void
}
export type Watching = { add(paths: readonly string[]): void; close(): Promise<void> }

/**
 * Reports changed files among some files and folders. `open` opens the watcher. Never rejects: a problem is reported,
 * and the rest is watched.
 */
export async function watchSources(
  paths: readonly string[],
  { onChange, onProblem }: Watched,
  open: typeof watch = watch,
): Promise<Watching> {
  const changed = new Set<string>()
  let since = 0
  let timer: NodeJS.Timeout | undefined
  const tell = (): void => {
    const settled = [...changed].sort()
    changed.clear()
    onChange(settled, since)
  }
  const watcher = open([...paths], {
    ignoreInitial: true,
    ignored: (path) => basename(path) === 'node_modules' || TEMPORARY.test(basename(path)),
  })
  watcher.on('all', (_, path) => {
    if (changed.size === 0) since = performance.now()
    changed.add(path)
    clearTimeout(timer)
    timer = setTimeout(tell, SETTLED_MILLISECONDS)
  })
  const ready = Promise.withResolvers<void>()
  let isTold = false
  watcher.on('error', (error) => {
    // After an error, `ready` may never come.
    ready.resolve()
    if (!isTold) onProblem(error instanceof Error ? error : new Error(String(error)))
    isTold = true
  })
  watcher.once('ready', () => ready.resolve())
  await ready.promise
  return {
    add: (more) => void watcher.add([...more]),
    async close() {
      clearTimeout(timer)
      await watcher.close()
    },
  }
}
