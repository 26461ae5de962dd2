import { cpSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { copyProject } from '../support/cloud/copy-project.ts'
import { type LocalApi, startApi } from '../support/cloud/local-api.ts'
import { missingLines, readTutorial, runBlocks, writeFiles } from '../support/docs/tutorial-page.ts'

const ROOT = join(import.meta.dirname, '../..')
const PAGES = readdirSync(join(ROOT, 'docs/tutorial'))
  .filter((file) => /^\d/.test(file))
  .sort()
const tutorials = PAGES.map((name) => ({ name, page: readTutorial(join(ROOT, 'docs/tutorial', name)) }))

const project = copyProject({ validated: false })
let cloud: LocalApi | undefined

beforeAll(async () => {
  cpSync(join(ROOT, 'examples'), join(project.folder, 'examples'), { recursive: true })
  for (const { page } of tutorials) writeFiles(page, project.folder)
  const { status, stderr } = project.synthesize()
  if (status !== 0) throw new Error(stderr)
  cloud = await startApi({
    assembly: project.out,
    models: { scriptFile: join(project.folder, 'model.json') },
  })
}, 120_000)

afterAll(async () => {
  await cloud?.stop()
  project.remove()
})

describe('the tutorial', () => {
  it('has seven pages that a reader runs in order', () => {
    expect(PAGES.map((name) => name.slice(0, 2))).toEqual(['1-', '2-', '3-', '4-', '5-', '6-', '7-'])
    for (const { page } of tutorials) expect(page.runs.length).toBeGreaterThan(2)
    // They are all written before the first page runs.
    const paths = tutorials.flatMap(({ page }) => page.files.map(({ path }) => path))
    expect(paths.filter((path, at) => paths.indexOf(path) !== at)).toEqual([])
  })

  it.for(tutorials)('$name does what it says', { timeout: 120_000 }, async ({ page }, { signal }) => {
    const env = { ORCHESTRATOR_URL: cloud?.apiUrl ?? '', CLI: join(ROOT, 'bin/orchestrator.mjs') }
    const printed = await runBlocks(page, { folder: project.folder, env, signal })
    const missing = page.runs.flatMap(({ script, expected }, at) => {
      const lines = missingLines(printed[at] ?? '', expected)
      return lines.length > 0 ? [{ script, lines, printed: printed[at] }] : []
    })
    expect(missing).toEqual([])
  })
})

describe('the output that a page shows for a block', () => {
  it('is compared: missing output, or output in another order, fails', () => {
    expect(missingLines('one\n  two 2 s\nthree', ['one', 'two ... s', '...ree'])).toEqual([])
    expect(missingLines('one\ntwo', ['two', 'one', 'on'])).toEqual(['one', 'on'])
  })
})
