import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { BUILT_IN } from '../../../infra/load-catalogue.ts'
import { sourcesOf } from '../../../infra/sources-of.ts'

const root = await mkdtemp(join(tmpdir(), 'sources-of-'))
await mkdir(join(root, 'agents'))
await mkdir(join(root, 'flows/all'), { recursive: true })
afterAll(() => rm(root, { recursive: true, force: true }))

it.each([
  [undefined, undefined, 'agents', 'workflows'],
  ['./agents', './flows/all', 'agents', 'flows/all'],
  ['agents/', 'flows//all/', 'agents', 'flows/all'],
  [join(root, 'agents'), 'flows/../flows/all', 'agents', 'flows/all'],
])('names the folders %s and %s in one form', (agents, workflows, ...expected) => {
  const own = { root, agents: expected[0], workflows: expected[1] }
  expect(sourcesOf({ root, agents, workflows })).toEqual([BUILT_IN, own])
  expect(sourcesOf({ root, agents, workflows, builtIn: false })).toEqual([own])
})

it('refuses a folder that does not exist', () => {
  expect(() => sourcesOf({ root, agents: './agent' })).toThrow(`there is no folder "./agent" in ${root}`)
})
