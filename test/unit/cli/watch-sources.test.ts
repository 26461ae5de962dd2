import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type FSWatcher, watch } from 'chokidar'
import { afterAll, expect, it } from 'vitest'
import { watchSources } from '../../../cli/dev/watch-sources.ts'

const folder = await mkdtemp(join(tmpdir(), 'watch-sources-'))
afterAll(() => rm(folder, { recursive: true, force: true }))

it('reports a problem of the watcher once, and keeps watching other files', async () => {
  const problems: string[] = []
  const changed = Promise.withResolvers<readonly string[]>()
  let watcher: FSWatcher | undefined
  const watching = await watchSources(
    [folder],
    { onChange: changed.resolve, onProblem: ({ message }) => problems.push(message) },
    (paths, options) => {
      watcher = watch(paths, options)
      return watcher
    },
  )
  // As inotify answers when there are too many watchers.
  for (const path of ['a', 'b']) watcher?.emit('error', new Error(`ENOSPC: no watcher is left for ${path}`))
  expect(problems).toEqual(['ENOSPC: no watcher is left for a'])
  await writeFile(join(folder, 'saved.ts'), '')
  expect(await changed.promise).toEqual([join(folder, 'saved.ts')])
  await watching.close()
})
