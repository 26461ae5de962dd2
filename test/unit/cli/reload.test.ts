import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { Answer, Sources } from '../../../cli/dev/build-process.ts'
import { liveIn } from '../../../cli/dev/live-paths.ts'
import { startReloading } from '../../../cli/dev/reload.ts'
import type { ReloadEvent } from '../../../cli/dev/reload-event.ts'

let root: string
let assembly: string
let sources: Sources
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'reload-'))
  assembly = join(root, '.orchestrator/cdk.out')
  await mkdir(join(root, 'agents/echo'), { recursive: true })
  await mkdir(join(assembly, 'bundles'), { recursive: true })
  sources = {
    agents: { echo: 'first' },
    workflows: {},
    from: [{ root, agents: 'agents', workflows: 'workflows' }],
    files: [join(root, 'agents/echo/index.ts')],
    left: [],
  }
  await writeFile(join(assembly, 'bundles/sources.json'), JSON.stringify(sources))
})
afterEach(() => rm(root, { recursive: true, force: true }))

/** Reloading in which the builds give these answers, one after another, and then no more; each leaves its folder behind. */
async function reloading(
  answers: (Answer | (() => Answer))[],
  update = async (): Promise<void> => {},
  warnings: readonly string[] = [],
) {
  const told: ReloadEvent[] = []
  const folders: string[] = []
  const done = Promise.withResolvers<void>()
  const stop = await startReloading({
    cloud: { update },
    assembly,
    warnings,
    tell: (event) => told.push(event),
    startBuild: () => {
      const { promise, resolve } = Promise.withResolvers<Answer>()
      return {
        async build({ folder }) {
          const answer = answers.shift()
          if (answer === undefined) {
            done.resolve()
            return promise
          }
          folders.push(folder)
          await mkdir(folder, { recursive: true })
          return typeof answer === 'function' ? answer() : answer
        },
        stop: () => resolve({ kind: 'outdated' }),
      }
    },
  })
  /** Saves a file again and again until every answer has been given: the first ones may be taken together. */
  const saveUntilDone = async (path = 'agents/echo/index.ts'): Promise<void> => {
    let isDone = false
    const all = done.promise.then(() => {
      isDone = true
    })
    while (!isDone) {
      await writeFile(join(root, path), String(Math.random()))
      await Promise.race([all, new Promise((resolve) => setTimeout(resolve, 150))])
    }
  }
  return { told, folders, stop, saveUntilDone }
}

const built = (digest: string, warnings: string[] = []): Answer => ({
  kind: 'built',
  sources: { ...sources, agents: { echo: digest } },
  warnings,
  left: [],
})
const refused = (problem: string): Answer => ({ kind: 'refused', problems: [problem] })

it('applies what was saved while dev started (reload/L4)', async () => {
  const updated = Promise.withResolvers<void>()
  const { told, stop } = await reloading([built('second')], async () => updated.resolve())
  await updated.promise
  await stop()
  expect(told).toEqual([
    { event: 'reloaded', changed: ['agent echo'], milliseconds: expect.any(Number), warnings: [] },
  ])
})

it('says nothing at the start if nothing was saved, and leaves nothing behind', async () => {
  const { told, folders, stop, saveUntilDone } = await reloading([built('first')])
  await saveUntilDone()
  await stop()
  expect(told).toEqual([])
  expect(folders.filter((folder) => existsSync(folder))).toEqual([])
})

it('keeps no bundle of a former run (reload/L5)', async () => {
  const stale = join(assembly, 'reload/echo-first')
  await mkdir(stale, { recursive: true })
  const { stop } = await reloading([built('first')])
  expect(existsSync(stale)).toBe(false)
  await stop()
})

it('builds again when a file was saved during the build (reload/L5)', async () => {
  const updated = Promise.withResolvers<void>()
  const { told, stop } = await reloading([{ kind: 'outdated' }, built('second')], async () =>
    updated.resolve(),
  )
  await updated.promise
  await stop()
  expect(told).toMatchObject([{ event: 'reloaded', changed: ['agent echo'] }])
})

it('gives up after several builds whose files changed meanwhile', async () => {
  const { told, stop, saveUntilDone } = await reloading([...Array<Answer>(4).fill({ kind: 'outdated' })])
  await saveUntilDone()
  await stop()
  expect(told).toMatchObject([{ event: 'refused', problems: [expect.stringContaining('change whenever')] }])
})

it('reports that a mistake was undone, and reports a later good save (reload/L7)', async () => {
  const { told, stop, saveUntilDone } = await reloading([
    built('first'),
    refused('x'),
    built('first'),
    built('first'),
    refused('y'),
    built('second'),
  ])
  await saveUntilDone()
  await stop()
  expect(told).toMatchObject([
    { event: 'refused', problems: ['x'] },
    { event: 'unchanged' },
    { event: 'refused', problems: ['y'] },
    { event: 'reloaded', changed: ['agent echo'] },
  ])
})

/** As many editors do: a reader never finds an empty file, which would be another text. */
async function saveAtOnce(path: string, text: string): Promise<void> {
  await writeFile(`${root}.saved`, text)
  await rename(`${root}.saved`, path)
}

it('reports a problem once for the same saved text, and again for another (reload/L7)', async () => {
  const answers = [built('first'), refused('x'), refused('x'), refused('x')]
  const { told, stop } = await reloading(answers)
  const path = join(root, 'agents/echo/index.ts')
  for (const [text, left] of [
    ['mistake', 2],
    ['mistake', 1],
  ] as const) {
    await vi.waitFor(
      async () => {
        await saveAtOnce(path, text)
        expect(answers.length).toBeLessThanOrEqual(left)
      },
      { timeout: 10_000, interval: 200 },
    )
  }
  expect(told).toEqual([{ event: 'refused', problems: ['x'] }])
  // Saves that were on their way may have used up what was left.
  await vi.waitFor(
    async () => {
      if (answers.length === 0) answers.push(refused('x'))
      await saveAtOnce(path, 'another mistake')
      expect(told).toHaveLength(2)
    },
    { timeout: 10_000, interval: 200 },
  )
  await stop()
  expect(told).toEqual(Array(2).fill({ event: 'refused', problems: ['x'] }))
})

it('warns of an unserved step when it is new, and not again', async () => {
  const { told, stop, saveUntilDone } = await reloading(
    [
      built('second', ['old']),
      built('third', ['old', 'new']),
      built('fourth', ['old', 'new']),
      built('fifth'),
      built('sixth', ['new']),
    ],
    undefined,
    ['old'],
  )
  await saveUntilDone()
  await stop()
  expect(told.map((event) => event.event === 'reloaded' && event.warnings)).toEqual([
    [],
    ['new'],
    [],
    [],
    ['new'],
  ])
})

it('removes the folder of a build that is refused or needs a restart', async () => {
  const { told, folders, stop, saveUntilDone } = await reloading(
    [{ kind: 'refused', problems: ['x'] }, built('second')],
    async () => {
      throw new Error('y')
    },
  )
  await saveUntilDone()
  await stop()
  expect(told).toMatchObject([
    { event: 'refused', problems: ['x'] },
    { event: 'refused', problems: ['agent echo: y'] },
  ])
  expect(folders).toHaveLength(2)
  expect(folders.filter((folder) => existsSync(folder))).toEqual([])
})

it('watches files that agents import since a reload, also in the root (reload/L6)', async () => {
  const files = [...sources.files, join(root, 'prices.ts'), join(root, 'lib/tax.ts')]
  await mkdir(join(root, 'lib'))
  for (const file of files) await writeFile(file, '')
  const importing = (digest: string): Answer => ({
    kind: 'built',
    sources: { ...sources, agents: { echo: digest }, files },
    warnings: [],
    left: [],
  })
  // The second is the comparison after the new files are watched.
  const { told, stop, saveUntilDone } = await reloading([
    importing('second'),
    importing('second'),
    importing('third'),
  ])
  await saveUntilDone('prices.ts')
  await stop()
  expect(told).toMatchObject([
    { event: 'reloaded', changed: ['agent echo'] },
    { event: 'reloaded', changed: ['agent echo'] },
  ])
})

it('lists as live the folders of imported modules, and single files of the root', () => {
  const files = ['agents/echo/index.ts', 'prices.ts', 'lib/a/tax.ts', 'app.ts', 'infra/x.ts', '../else/y.ts']
  const live = liveIn({ from: sources.from, files: files.map((file) => join(root, file)) }, root)
  expect(live).toEqual(['agents', 'workflows', 'agents/echo', 'prices.ts', 'lib/a'])
})
