import { describe, expect, it } from 'vitest'
import type { StateVersionView } from '../../../shared/contracts/state-views.ts'
import { runCliAgainst, TASK_ID } from '../../support/cloud/run-cli-against.ts'

const version = (number: number, value: unknown, more: Partial<StateVersionView> = {}): object => ({
  key: 'doc',
  version: number,
  conflict: 'merge',
  value,
  at: `2026-11-29T13:40:0${number}.000Z`,
  by: { path: 'each[2]', attempt: number },
  ...more,
})
const VERSIONS = [
  version(3, undefined, { by: { subject: 'key/ci' } }),
  version(2, { title: 'b' }, { restored: 1 }),
  version(1, { title: 'a' }),
]

/** What the command says, and the requests that it sends. */
async function state(...words: string[]) {
  const asked: string[] = []
  const { code, stdout, stderr } = await runCliAgainst(
    (path, _search, method) => {
      asked.push(`${method} ${path}`)
      if (path.endsWith('/history')) return { taskId: TASK_ID, key: 'doc', versions: VERSIONS }
      if (path.endsWith('/doc')) return VERSIONS[1] ?? {}
      if (path.endsWith('/restore'))
        return {
          taskId: TASK_ID,
          restored: [
            { key: 'a', from: 0, version: 4 },
            { key: 'b', from: 2, version: 5 },
          ],
        }
      return {
        taskId: TASK_ID,
        revision: 3,
        keys: [
          VERSIONS[1],
          { key: 'sum', version: 0, conflict: 'counter', value: 0 },
          {
            key: 'talk',
            version: 1,
            conflict: 'reject',
            value: ['x'],
            at: '2026-11-29T13:40:09.000Z',
            by: { forkedFrom: TASK_ID },
          },
        ],
      }
    },
    ['state', ...words],
    { COLUMNS: '120' },
  )
  return { code, stdout, stderr, asked }
}

describe('orchestrator state', () => {
  it('shows every key with its newest value', async () => {
    const { stdout } = await state(TASK_ID)
    const [head, ...rows] = stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.replace(/\s{2,}/g, ' | ').trim())
    expect(head).toMatch(/^key \| version \| written \| by \| value$/)
    expect(rows).toEqual([
      'doc | 2 | 2026-11-29 13:40:02.000 | each[2] (attempt 2) | {"title":"b"}',
      'sum | 0 | 0',
      `talk | 1 | 2026-11-29 13:40:09.000 | fork of ${TASK_ID} | ["x"]`,
    ])
  })

  it('shows one key, its history, and what each version has changed', async () => {
    const one = await state(TASK_ID, 'doc')
    expect(one.stdout).toContain(
      'doc: version 2 by each[2] (attempt 2) at 2026-11-29 13:40:02.000, as version 1 was',
    )
    expect(one.stdout).toContain('"title": "b"')
    const { stdout } = await state(TASK_ID, 'doc', '--diff')
    expect(stdout).toContain('doc: version 3 by key/ci at 2026-11-29 13:40:03.000, removed')
    expect(stdout).toContain('-  "title": "a"')
    expect(stdout).toContain('+  "title": "b"')
    expect(
      (await state(TASK_ID, 'doc', '--history', '--limit', '2')).stdout.trimEnd().split('\n'),
    ).toHaveLength(3)
  })

  it('says what a restore has changed, and asks what it is put back to', async () => {
    const { stdout } = await state('restore', TASK_ID, '--at', '2026-11-29T13:40:00Z')
    expect(stdout).toBe('a: removed, as version 4\nb: version 5 is as version 2 was\n')
    const refused = await state('restore', TASK_ID)
    expect(refused.code).not.toBe(0)
    expect(refused.stderr).toContain('say what it is put back to: one of --at <time> and --snapshot <id>')
    expect(refused.asked).toEqual([])
  })

  it('writes a value', async () => {
    const { stdout } = await state('set', TASK_ID, 'doc', '{"title":"b"}', '--if-version', '1')
    expect(stdout).toContain('doc: version 2 by each[2]')
  })
})
