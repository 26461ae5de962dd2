import { basename } from 'node:path'
import { watch } from 'chokidar'

/** A debounce: editors save in two writes, or write a new file and rename it. */
const SETTLED_MILLISECONDS = 60

/** Temporary files of editors and systems. */
const TEMPORARY = /^(\.#.*|#.*#|.*~|.*\.(swp|swx|tmp|bak|orig)|4913|\.DS_Store|___jb_\w+___)$/

/** Reports changed files of some folders as absolute paths, after a moment without further changes. */
export async function watchSources(
  folders: readonly string[],
  onChange: (paths: readonly string[], since: number) => void,
): Promise<() => Promise<void>> {
  const changed = new Set<string>()
  let since = 0
  let timer: NodeJS.Timeout | undefined
  const tell = (): void => {
    const paths = [...changed].sort()
    changed.clear()
    onChange(paths, since)
  }
  const watcher = watch([...folders], {
    ignoreInitial: true,
    ignored: (path) => basename(path) === 'node_modules' || TEMPORARY.test(basename(path)),
  })
  watcher.on('all', (_, path) => {
    if (changed.size === 0) since = performance.now()
    changed.add(path)
    clearTimeout(timer)
    timer = setTimeout(tell, SETTLED_MILLISECONDS)
  })
  await new Promise<void>((resolve) => watcher.once('ready', () => resolve()))
  return async () => {
    clearTimeout(timer)
    await watcher.close()
  }
}
