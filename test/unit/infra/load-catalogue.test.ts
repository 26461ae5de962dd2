import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { BUILT_IN, loadCatalogue, loadUsable, type Source } from '../../../infra/load-catalogue.ts'
import { unservedIn } from '../../../infra/unserved.ts'

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
    'workflows/two.yaml:1:1: "greet" is claimed by greet here, by greet in workflows/one.yaml:1:1, and by other in workflows/three.yaml:2:13',
  ])
})

it('names the file that takes a name of what is built in', async () => {
  write('workflows/mine.yaml', 'name: simple\nsteps:\n  a: { capability: x }\n')
  expect(await problemsOf(BUILT_IN)).toEqual([
    'workflows/mine.yaml:1:1: "simple" is claimed by simple here, and by simple in workflows/simple.yaml:2:1, which is built in; choose another, or leave out what is built in: builtIn: false',
  ])
})

it.each([
  [
    'steps:\n  a: { capability: x, needs: [b] }\nname: w\n',
    /^workflows\/w\.yaml:2:\d+: steps\.a\.needs\[0\]: step "a" needs "b", [^(]*$/,
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

it('checks names and types against the agents that are deployed together', async () => {
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

it('finds no issues in the built-in workflows and the examples', async () => {
  const examples = { root: BUILT_IN.root, agents: 'examples/agents', workflows: 'examples/workflows' }
  expect((await loadCatalogue([BUILT_IN, examples])).workflows.length).toBeGreaterThan(8)
})

const OWN = (): Source => ({ root, agents: 'agents', workflows: 'workflows' })
const DEFINE = JSON.stringify(join(BUILT_IN.root, 'shared/agent/index.ts'))
const ZOD = JSON.stringify(fileURLToPath(import.meta.resolve('zod')))
const good = (id: string): string => `
import { defineAgent } from ${DEFINE}
import * as z from ${ZOD}
const capabilities = { '${id}.say': { description: 'Says.', input: z.object({}), output: z.string() } }
export default defineAgent({ id: '${id}', version: '1.0.0', description: 'Says.', capabilities, execute: async () => '' })
`
const BROKEN: [what: string, text: string, problem: RegExp][] = [
  ['a syntax error', 'export default {', /^agents\/bad\/index\.ts:1:\d+: \S/],
  [
    'a missing file',
    "\nimport './none.ts'\n",
    /^agents\/bad\/index\.ts:2:8: Could not resolve ".\/none\.ts"/,
  ],
  ['a missing package', "import 'no-such-package'\n", /^agents\/bad\/index\.ts.*no-such-package/],
  [
    'an error when it is loaded',
    "\n\nthrow new Error('no key')",
    /^agents\/bad\/index\.ts(:3:\d+)?: Error: no key$/,
  ],
  [
    'a call of process.exit while it is loaded',
    '\n\nprocess.exit(3)',
    /^agents\/bad\/index\.ts(:3:\d+)?: Error: it calls process\.exit\(3\) while it is loaded; throw an error/,
  ],
  [
    'a call of an imported exit',
    "import { exit } from 'node:process'\nexit()",
    /^agents\/bad\/index\.ts(:2:\d+)?: Error: it calls process\.exit\(\) while it is loaded/,
  ],
  [
    'an invalid manifest',
    `import { defineAgent } from ${DEFINE}\n\ndefineAgent({ id: 'bad', version: 'one', description: '', capabilities: {}, execute: async () => 1 })\n`,
    /^agents\/bad\/index\.ts(:3:1)?: .*version/s,
  ],
  ['no agent', 'export default 1', /^agents\/bad\/index\.ts: it must export an agent/],
  ['another id', good('other'), /^agents\/bad\/index\.ts: it declares agent "other"/],
]

it.each(BROKEN)(
  'leaves out, where it may, an agent with %s; else it is an error',
  async (_, text, problem) => {
    write('agents/good/index.ts', good('good'))
    write('agents/bad/index.ts', text)
    write('workflows/fine.yaml', 'name: fine\nsteps:\n  a: { capability: good.say }\n')
    const { catalogue, left } = await loadUsable([OWN()], () => true)
    expect(catalogue.agents.map(({ manifest }) => manifest.id)).toEqual(['good'])
    expect(catalogue.workflows.map(({ workflow }) => workflow.name)).toEqual(['fine'])
    expect(left).toEqual([
      { file: join(root, 'agents/bad/index.ts'), problem: expect.stringMatching(problem) },
    ])
    expect((await problemsOf()).join('\n')).toMatch(problem)
    const onlyOther = loadUsable([OWN()], (file) => file.endsWith('good/index.ts'))
    await expect(onlyOther).rejects.toThrow('agents/bad/index.ts')
  },
)

it('leaves out workflows that are not valid, and says which steps name what is not there', async () => {
  write('workflows/bad.yaml', 'name: bad\nsteps: [\n')
  write(
    'workflows/typed.yaml',
    'name: typed\ninput: { type: object, properties: { n: { type: string } } }\nsteps:\n  a: { capability: good.say, input: "{% $input.m %}" }\n',
  )
  write('workflows/fine.yaml', 'name: fine\nsteps:\n  a: { capability: good.say, agent: goood }\n')
  write('agents/good/index.ts', good('good'))
  const { catalogue, left } = await loadUsable([OWN()], () => true)
  expect(catalogue.workflows.map(({ workflow }) => workflow.name)).toEqual(['fine'])
  expect(unservedIn(catalogue)).toEqual([
    'warning: workflow fine, step "a": no agent "goood"; did you mean "good"?',
  ])
  expect(left.map(({ file }) => file).sort()).toEqual(
    ['bad', 'typed'].map((name) => join(root, `workflows/${name}.yaml`)),
  )
})

it('gives process.exit back when all is loaded', async () => {
  const { exit } = process
  write('agents/bad/index.ts', 'process.exit(3)')
  await Promise.allSettled([loadCatalogue([OWN()]), loadUsable([OWN()], () => true)])
  expect(process.exit).toBe(exit)
})

const BUILT_INS = new Set((await loadCatalogue([BUILT_IN])).workflows.map(({ workflow }) => workflow.name))
const greet = (name: string, more = ''): string => `name: ${name}\n${more}steps:\n  a: { capability: x.y }\n`

it('leaves out, where it may, workflows that claim what another one has', async () => {
  write('workflows/a.yaml', greet('greet', 'taskTypes: [hello]\n'))
  write('workflows/b.yaml', greet('greet', 'taskTypes: [other]\n'))
  write('workflows/c.yaml', greet('other', 'taskTypes: [hello]\n'))
  write('workflows/d.yaml', greet('fine', 'taskTypes: [other]\n'))
  write('workflows/e.yaml', greet('simple'))
  write('agents/research/index.ts', good('research'))
  const { catalogue, left } = await loadUsable([BUILT_IN, OWN()], (file) => file.startsWith(root))
  const own = catalogue.workflows.map(({ workflow }) => workflow.name).filter((name) => !BUILT_INS.has(name))
  expect(own).toEqual(['greet', 'fine'])
  expect(catalogue.agents.filter(({ manifest }) => manifest.id === 'research')).toHaveLength(1)
  expect(left).toEqual([
    {
      file: join(root, 'agents/research/index.ts'),
      problem: expect.stringMatching(
        /^agents\/research\/index\.ts:\d+:\d+: an agent "research" is built in \(.*functions\/agents\/research\/index\.ts:\d+:\d+\); choose another/,
      ),
    },
    {
      file: join(root, 'workflows/b.yaml'),
      problem: 'workflows/b.yaml:1:1: "greet" is claimed by greet here, and by greet in workflows/a.yaml:1:1',
    },
    {
      file: join(root, 'workflows/c.yaml'),
      problem:
        'workflows/c.yaml:2:13: "hello" is claimed by other here, and by greet in workflows/a.yaml:2:13',
    },
    {
      file: join(root, 'workflows/e.yaml'),
      problem: expect.stringMatching(
        /^workflows\/e\.yaml:1:1: "simple" .* which is built in; choose another/,
      ),
    },
  ])
})

it('never leaves out a workflow in service because one that is mended claims its name', async () => {
  write('workflows/a.yaml', greet('greet'))
  write('workflows/b.yaml', greet('greet'))
  const { left } = await loadUsable([OWN()], (file) => file.endsWith('a.yaml'))
  expect(left.map(({ problem }) => problem)).toEqual([
    'workflows/a.yaml:1:1: "greet" is claimed by greet here, and by greet in workflows/b.yaml:1:1',
  ])
  await expect(loadUsable([OWN()], () => false)).rejects.toThrow('workflows/b.yaml:1:1: "greet" is claimed')
})
