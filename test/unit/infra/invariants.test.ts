/**
 * Both sides of the numbered invariants: a module's head defines `room/Q1`, and tests, like comments, cite it by that name.
 */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'

const ROOT = join(import.meta.dirname, '../../..')
const FOLDERS = [
  'bench',
  'cli',
  'examples',
  'functions',
  'infra',
  'local',
  'scripts',
  'shared',
  'test',
  'testing',
  'workflows',
]
/** This file mentions ids that do not exist. */
const ITSELF = 'test/unit/infra/invariants.test.ts'

type Source = { path: string; text: string }
const sources: Source[] = globSync(`{${FOLDERS.join(',')}}/**/*.ts`, {
  cwd: ROOT,
  exclude: ['**/node_modules/**', '**/cdk.out/**'],
})
  .filter((path) => path !== ITSELF)
  .map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }))
const isTest = ({ path }: Source): boolean => path.startsWith('test/') || path.endsWith('.test.ts')

const ID = '[a-z][a-z-]*/[A-Z]\\d{1,2}'
/** An invariant's definition at the head of a module. */
const DEFINITION = new RegExp(`^ \\* (${ID}) `, 'gm')
const MENTION = new RegExp(`(?<![\\w/.])${ID}(?![\\w/])`, 'g')
/** An invariant's definition without its room. */
const NAMELESS = /^ \* [A-Z]{1,3}\d{1,2}\.? \S.*/gm

const definitions = sources
  .filter((source) => !isTest(source))
  .flatMap(({ path, text }) => [...text.matchAll(DEFINITION)].map(([, id = '']) => ({ id, path })))
const defined = new Set(definitions.map(({ id }) => id))
const mentionsIn = (some: Source[]) =>
  some.flatMap(({ path, text }) => [...text.matchAll(MENTION)].map(([id]) => ({ id, path })))

it('finds them', () => {
  expect(defined.size).toBeGreaterThan(150)
})

it('defines each in one place', () => {
  const twice = definitions.filter(({ id }, at) => definitions.findIndex((other) => other.id === id) !== at)
  expect(twice).toEqual([])
})

it('has none without its room', () => {
  const nameless = sources.flatMap(({ path, text }) =>
    (text.match(NAMELESS) ?? []).map((line) => `${path}:${line}`),
  )
  expect(nameless).toEqual([])
})

it('gives a room to one module', () => {
  const homes = new Map<string, Set<string>>()
  for (const { id, path } of definitions) {
    const room = id.split('/')[0] ?? ''
    homes.set(room, (homes.get(room) ?? new Set()).add(path))
  }
  expect([...homes].filter(([, paths]) => paths.size > 1)).toEqual([])
})

it('cites none that is not defined', () => {
  expect(mentionsIn(sources).filter(({ id }) => !defined.has(id))).toEqual([])
})

it('has a test for each', () => {
  const cited = new Set(mentionsIn(sources.filter(isTest)).map(({ id }) => id))
  expect([...defined].filter((id) => !cited.has(id))).toEqual([])
})
