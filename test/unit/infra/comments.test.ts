import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'

const ROOT = join(import.meta.dirname, '../../..')
const OWN = 'test/unit/infra/comments.test.ts'

const files = execFileSync(
  'git',
  ['ls-files', '--cached', '--others', '--exclude-standard', '*.ts', '*.mjs', '*.md'],
  {
    cwd: ROOT,
    encoding: 'utf8',
  },
)
  .split('\n')
  .filter((path) => path !== '' && path !== OWN && path !== 'CHANGELOG.md')

/** A sentence of a comment that begins with what belongs to a subject which comes later, or never. */
const BEGINS_WITH_OF = /(\/\*\*?|\/\/|^\s*\*)\s*(.*[.:;] )?Of [a-z]/
/** The same in the text of a page. */
const IN_PAGE = /(^|[.:;|] )Of [a-z]/
const patternOf = (path: string): RegExp => (path.endsWith('.md') ? IN_PAGE : BEGINS_WITH_OF)

it('comments and pages name their subject first: no sentence begins with "Of"', () => {
  const found = files.flatMap((path) =>
    readFileSync(join(ROOT, path), 'utf8')
      .split('\n')
      .flatMap((line, at) => (patternOf(path).test(line) ? [`${path}:${at + 1}: ${line.trim()}`] : [])),
  )
  expect(found).toEqual([])
})

it.each([
  ['  /** Of the step. */', true],
  ['// It is kept. Of a failure the reason is told.', true],
  [' * Of two, the first.', true],
  ['/** The digest of the code. Often none. */', false],
  ["const text = 'Of course'", false],
])('finds it: %s', (line, is) => {
  expect(BEGINS_WITH_OF.test(line)).toBe(is)
})
