import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { runCliAgainst, TASK_ID, taskView } from '../../support/cloud/run-cli-against.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'export-'))
})
afterEach(() => rm(folder, { recursive: true }))

const NOT_FOUND = { type: 'orchestrator:NotFoundError', title: 'NotFoundError', status: 404, detail: 'gone' }
const LISTS: Readonly<Record<string, object>> = {
  '/tenants/acme': { tenant: 'acme', own: true, status: 'active' },
  '/tasks': { tasks: [taskView({})] },
  '/files': { files: [], expiresAt: '2026-11-28T12:00:00.000Z' },
  '/workflows': { workflows: [] },
  '/agents': { agents: [] },
  '/keys': { keys: [] },
  '/audit': { entries: [], next: null },
}

/** An API with one task, of which something is not there. */
const exportWhere = (isThere: (path: string) => boolean) =>
  runCliAgainst(
    (path) => {
      if (LISTS[path]) return LISTS[path]
      if (!isThere(path)) return NOT_FOUND
      if (path.endsWith('/input')) return { taskId: TASK_ID, input: {} }
      if (path.endsWith('/workflow'))
        return {
          taskId: TASK_ID,
          name: 'w',
          version: 1,
          definition: { name: 'w', version: 1, steps: { a: { capability: 'a.b' } } },
        }
      if (path.endsWith('/status')) return { taskId: TASK_ID, status: 'running', steps: {} }
      if (path.endsWith('/state')) return { taskId: TASK_ID, revision: 0, keys: [] }
      if (path.endsWith('/messages')) return { messages: [] }
      return { steps: [], events: [], files: [] }
    },
    ['export', '--tenant', 'acme', '--out', folder, '--json'],
  )

const linesIn = async (name: string): Promise<number> =>
  (await readFile(join(folder, name), 'utf8')).split('\n').length - 1

describe('an export', () => {
  it('goes on without a task that was deleted meanwhile', async () => {
    const { code, stderr } = await exportWhere(() => false)
    expect([code, stderr]).toEqual([0, ''])
    expect(await readdir(folder)).toContain('manifest.json')
  })

  it('leaves out no task of which only something is not found', async () => {
    const { code, stderr } = await exportWhere((path) => !path.endsWith('/workflow'))
    expect(code).not.toBe(0)
    expect(stderr).toContain('gone')
    expect(await readdir(folder)).not.toContain('manifest.json')
  })

  it('begins also where the one before has ended while it wrote its first state (export/F1)', async () => {
    await writeFile(join(folder, '.export.json.part'), '{')
    const { code, stderr } = await exportWhere(() => true)
    expect([code, stderr]).toEqual([0, ''])
    expect(await linesIn('tasks.jsonl')).toBe(1)
  })
})
