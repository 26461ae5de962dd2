/** The export of a tenant by the command line, from an API that fails at any of its requests. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { runCliAgainst, taskView } from '../../support/cloud/run-cli-against.ts'

const TASKS = 130
const PAGE = 20
const root = mkdtempSync(join(tmpdir(), 'export-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const idOf = (at: number): string => `t_${String(at).padStart(26, '0')}`
const cursorOf = (at: number): string => `2026-01-01T00:00:00.000Z#${idOf(at)}`
const problem = (status: number) => ({
  type: 'urn:orchestrator:error:BugError',
  title: 'x',
  status,
  detail: 'x',
})

/** An API with so many tasks of one step each; `onPage` is told when a page of them is asked for, from which number on. */
function api(onPage: (from: number) => void = () => {}) {
  return (path: string, query: URLSearchParams): unknown => {
    const [, , id = ''] = path.split('/')
    if (path === '/tenants/acme') return { tenant: 'acme', own: true, status: 'active' }
    if (path === '/tenants/other') return { tenant: 'other', own: false, status: 'active' }
    if (path === '/tasks') {
      const after = query.get('cursor')
      const from = after === null ? 0 : Number(after.slice(-26)) + 1
      onPage(from)
      const numbers = Array.from({ length: Math.min(PAGE, TASKS - from) }, (_, at) => from + at)
      const last = from + PAGE < TASKS ? { cursor: cursorOf(from + PAGE - 1) } : {}
      return { tasks: numbers.map((at) => taskView({ taskId: idOf(at) })), ...last }
    }
    if (path.endsWith('/input')) return { taskId: id, input: { of: id } }
    if (path.endsWith('/workflow'))
      return {
        taskId: id,
        name: 'w',
        version: 1,
        origin: 'inline',
        definition: { name: 'w', version: 1, steps: {} },
      }
    if (path.endsWith('/steps')) return { steps: [] }
    if (path.endsWith('/messages')) return { messages: [] }
    if (path.endsWith('/state')) return { taskId: id, revision: 0, keys: [], snapshots: [] }
    if (path.endsWith('/events')) return { events: [] }
    if (path === '/files') return { files: [], expiresAt: '2026-01-01T00:00:00.000Z' }
    if (path.endsWith('/files')) return { files: [] }
    if (path === '/workflows') return { workflows: [] }
    if (path === '/agents') return { agents: [] }
    if (path === '/keys') return { keys: [] }
    if (path === '/audit') return { entries: [], next: null }
    return undefined
  }
}

const contents = (folder: string): Record<string, string> =>
  Object.fromEntries(
    readdirSync(folder)
      .filter((name) => name.endsWith('.jsonl'))
      .map((name) => [name, readFileSync(join(folder, name), 'utf8')]),
  )

const linesOf = (text = ''): number => text.split('\n').length - 1

describe('orchestrator export', () => {
  it('goes on where a call has ended, to the same outcome (export/F1)', async () => {
    const whole = join(root, 'whole')
    const first = await runCliAgainst(api(), ['export', '--tenant', 'acme', '--out', whole])
    expect(first).toMatchObject({ code: 0, stdout: expect.stringContaining(`${TASKS} tasks`) })
    // More than a page of tasks takes.
    for (const every of [170, 211, 333]) {
      const out = join(root, `cut-${every}`)
      let calls = 0
      let runs = 0
      for (let code = -1; code !== 0; runs++) {
        const answer = api()
        const failing = (path: string, query: URLSearchParams): unknown =>
          ++calls % every === 0 ? problem(500) : answer(path, query)
        code = (await runCliAgainst(failing, ['export', '--tenant', 'acme', '--out', out])).code
        expect(runs).toBeLessThan(60)
      }
      expect(runs).toBeGreaterThan(1)
      expect(contents(out)).toEqual(contents(whole))
    }
  }, 60_000)

  it('has a page on the disk before it asks for the next (export/F2)', async () => {
    const out = join(root, 'pages')
    const found: [number, number][] = []
    const onPage = (from: number): void => {
      if (from > 0) found.push([from, linesOf(contents(out)['tasks.jsonl'])])
    }
    expect((await runCliAgainst(api(onPage), ['export', '--tenant', 'acme', '--out', out])).code).toBe(0)
    expect(found.length).toBe(Math.ceil(TASKS / PAGE) - 1)
    for (const [from, lines] of found) expect(lines).toBe(from)
  })

  it('refuses the tenant of another caller, a folder with something else, and one that is whole', async () => {
    const foreign = await runCliAgainst(api(), ['export', '--tenant', 'other', '--out', join(root, 'x')])
    expect(foreign).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('"other" is not the tenant of this caller'),
    })
    const taken = await runCliAgainst(api(), ['export', '--tenant', 'acme', '--out', root])
    expect(taken).toMatchObject({ code: 2, stderr: expect.stringContaining('which is no export') })
    const again = await runCliAgainst(api(), ['export', '--tenant', 'acme', '--out', join(root, 'whole')])
    expect(again).toMatchObject({ code: 2, stderr: expect.stringContaining('an export that is whole') })
  })
})
