import { readdir, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { getCompileCacheDir } from 'node:module'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'

/**
 * The folder of compiled code of this project's processes: of its own, so that what is old in it can be removed. Node.js removes nothing from a compile cache,
 * and each new place of an assembly adds the compiled code of all its functions. The bin says the same name, because it runs on any Node.js.
 */
export const COMPILE_CACHE = 'orchestrator-compile-cache'

const MOST_BYTES = 500_000_000
/** What is left after a removal, so that not every start removes something. */
const KEPT_SHARE = 0.6
const EVERY_MILLISECONDS = 10 * 60_000
const MARK = 'swept'

/**
 * Removes the oldest files of this process's compile cache where they are more than `mostBytes` together, once in ten minutes at most. Another folder, which a
 * person has named by NODE_COMPILE_CACHE, is left alone. Failures are left to the next time: other processes may remove the same files.
 */
export async function boundCompileCache(folder = cacheFolder(), mostBytes = MOST_BYTES): Promise<void> {
  if (folder === undefined || basename(folder) !== COMPILE_CACHE) return
  try {
    if (!(await isDue(join(folder, MARK)))) return
    const files = await filesIn(folder)
    let bytes = files.reduce((sum, file) => sum + file.bytes, 0)
    if (bytes <= mostBytes) return
    for (const file of files.sort((a, b) => a.at - b.at)) {
      if (bytes <= KEPT_SHARE * mostBytes) return
      await rm(file.path, { force: true })
      bytes -= file.bytes
    }
  } catch {
    // See above.
  }
}

/** Code that has another process or thread use this one's compile cache; without it the types of every module would be stripped anew. */
export function useCompileCache(): string {
  const folder = cacheFolder() ?? join(tmpdir(), COMPILE_CACHE)
  return `require('node:module').enableCompileCache(${JSON.stringify(folder)});`
}

/** Inside the folder that it is given, Node.js creates one for each of its versions. */
function cacheFolder(): string | undefined {
  const own = getCompileCacheDir()
  return own === undefined ? undefined : dirname(own)
}

async function isDue(mark: string): Promise<boolean> {
  const last = await stat(mark).catch(() => undefined)
  const now = new Date()
  if (last && now.getTime() - last.mtimeMs < EVERY_MILLISECONDS) return false
  if (last) await utimes(mark, now, now)
  else await writeFile(mark, '')
  return true
}

async function filesIn(folder: string): Promise<{ path: string; bytes: number; at: number }[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const found: { path: string; bytes: number; at: number }[] = []
  for (const entry of entries) {
    if (!entry.isFile() || entry.name === MARK) continue
    const path = join(entry.parentPath, entry.name)
    const { size, mtimeMs } = await stat(path).catch(() => ({ size: 0, mtimeMs: 0 }))
    found.push({ path, bytes: size, at: mtimeMs })
  }
  return found
}
