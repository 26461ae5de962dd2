/** The page about tenants names for each row of its table the test that shows it. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'

const ROOT = join(import.meta.dirname, '../../..')
const page = readFileSync(join(ROOT, 'docs/explanation/tenants.md'), 'utf8')
const [, table = ''] = page.split('| what | whose | kept apart by | shown by |\n')
const rows = (table.split('\n\n')[0] ?? '')
  .split('\n')
  .slice(1)
  .map((row) => row.split('|').map((cell) => cell.trim()))
const shown = rows.map(([, what = '', , , by = '']) => ({ what, by }))

/** What nothing keeps apart, because only operators see it. */
const UNSHOWN = ['metrics']

it('has a test for each row', () => {
  expect(rows.length).toBeGreaterThan(20)
  expect(shown.filter(({ by }) => by === '-').map(({ what }) => what)).toEqual(UNSHOWN)
})

it.each(shown.filter(({ by }) => by !== '-'))('$what', ({ by }) => {
  const [, path = '', title = ''] = /^`([\w/-]+)`: (.+)$/.exec(by) ?? []
  const file = join(ROOT, 'test', `${path}.test.ts`)
  expect(existsSync(file), `${by}: the test file`).toBe(true)
  expect(readFileSync(file, 'utf8')).toContain(title)
})
