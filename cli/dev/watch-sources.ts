import { basename } from 'node:path'
import { watch } from 'chokidar'

/** Editors save in two writes, or write a file beside and rename it. */
const SETTLED_MILLISECONDS = 60

/** Files that editors and systems leave for a moment beside what they save. */
const TEMPORARY = /^(\.#.*|#.*#|.*~|.*\.(swp|swx|tmp|bak|orig)|4913|\.DS_Store|___jb_\w+___)$/

/** Tells which files of some folders have changed, as absolute paths, once a moment has passed without another change. */
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
