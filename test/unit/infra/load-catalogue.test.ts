import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { BUILT_IN, loadCatalogue, type Source } from '../../../infra/load-catalogue.ts'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'catalogue-'))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

const write = (path: string, text: string): void => {
  mkdirSync(join(root, dirname(path)), { recursive: true })
  writeFileSync(join(root, path), text)
}
const problemsOf = async (...before: Source[]): Promise<string[]> => {
  const own = { root, agents: 'agents', workflows: 'workflows' }
  const error: unknown = await loadCatalogue([...before, own]).catch((reason: unknown) => reason)
  return error instanceof Error ? error.message.split('\n') : []
}

it('names the files of two workflows of one name', async () => {
  write('workflows/one.yaml', 'name: greet\nsteps:\n  a: { capability: x }\n')
  write('workflows/two.yaml', 'name: greet\nsteps:\n  a: { capability: x }\n')
  write('workflows/three.yaml', 'name: other\ntaskTypes: [greet]\nsteps:\n  a: { capability: x }\n')
  expect(await problemsOf()).toEqual([
    'workflows/two.yaml: "greet" is claimed by greet here, by greet in workflows/one.yaml, and by other in workflows/three.yaml',
  ])
})

it('names the file that takes a name of what is built in', async () => {
  write('workflows/mine.yaml', 'name: simple\nsteps:\n  a: { capability: x }\n')
  expect(await problemsOf(BUILT_IN)).toEqual([
    'workflows/mine.yaml: "simple" is claimed by simple here, and by simple in workflows/simple.yaml, which is built in; choose another, or leave out what is built in: builtIn: false',
  ])
})

it.each([
  [
    'steps:\n  a: { capability: x, needs: [b] }\nname: w\n',
    /^workflows\/w\.yaml:2:\d+: steps\.a\.needs: step "a" needs "b", [^(]*$/,
  ],
  ['name: w\nsteps: [\n', /^workflows\/w\.yaml:\d:\d+: not YAML or JSON: (?!.*line).*$/],
  [
    'name: w\nname: v\nsteps: {}\n',
    /^workflows\/w\.yaml:2:1: not YAML or JSON: the key "name" is there twice$/,
  ],
])('says the place of a mistake once: %j', async (text, problem) => {
  write('workflows/w.yaml', text)
  const problems = await problemsOf()
  expect(problems.length).toBeGreaterThan(0)
  for (const one of problems) expect(one).toMatch(problem)
})

it('gives each of several mistakes its own place', async () => {
  write('workflows/w.yaml', 'name: w\nname: v\nsteps: {}\nsteps: {}\n')
  expect(await problemsOf()).toEqual([
    'workflows/w.yaml:2:1: not YAML or JSON: the key "name" is there twice',
    'workflows/w.yaml:4:1: not YAML or JSON: the key "steps" is there twice',
  ])
})

it('finds wrong names and types in view of the agents that are deployed together', async () => {
  write(
    'workflows/w.yaml',
    `
name: w
input: { type: object, properties: { query: { type: string } } }
steps:
  a:
    capability: research.search
    input: { question: "{% $input.query %}", limit: "{% $input.query %}", corpus: { $file: files/corpus/ } }
output: "{% $steps.a.pasages %}"
`,
  )
  expect(await problemsOf(BUILT_IN)).toEqual([
    expect.stringMatching(
      /^workflows\/w\.yaml:7:\d+: steps\.a\.input\.question: there is no "question"; .*query/,
    ),
    expect.stringMatching(
      /^workflows\/w\.yaml:7:\d+: steps\.a\.input\.limit: it takes a whole number, and gets text/,
    ),
    expect.stringMatching(/^workflows\/w\.yaml:7:\d+: steps\.a\.input: "query" is required, and missing/),
    expect.stringMatching(
      /^workflows\/w\.yaml:8:22: output: \$steps\.a has no "pasages"; did you mean "passages"/,
    ),
  ])
})

it('has no complaint about what is built in, and the examples', async () => {
  const examples = { root: BUILT_IN.root, agents: 'examples/agents', workflows: 'examples/workflows' }
  expect((await loadCatalogue([BUILT_IN, examples])).workflows.length).toBeGreaterThan(8)
})
