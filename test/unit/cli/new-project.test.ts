import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { findProject, PACKAGE_ROOT } from '../../../cli/dev/find-project.ts'
import { agentFiles, inCheckout } from '../../../cli/new/agent-files.ts'
import { projectFiles } from '../../../cli/new/project-files.ts'
import { fitsSchema, sampleOf } from '../../../cli/new/sample-of.ts'
import { underTest, workflowFiles } from '../../../cli/new/workflow-files.ts'
import { loadCatalogue } from '../../../infra/load-catalogue.ts'
import { issuesOfCompiling } from '../../../shared/compiler/index.ts'
import { validateWorkflow } from '../../../shared/workflow/validate-workflow.ts'
import { testWorkflow } from '../../../testing/index.ts'
import { runCli } from '../../support/cloud/run-cli.ts'

const folder = mkdtempSync(join(tmpdir(), 'new-project-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Runs the CLI in a folder. */
async function cli(cwd: string, ...args: string[]) {
  vi.spyOn(process, 'cwd').mockReturnValue(cwd)
  return runCli(args)
}
type Manifest = { dependencies: Record<string, string>; devDependencies: Record<string, string> }
const SPEC = ['--package', 'file:../orchestrator.tgz']
const project = join(folder, 'My Agents')

const MADE = [
  ...['package.json', 'tsconfig.json', 'cdk.json', 'infra/app.ts', 'stages/default.yaml'],
  ...['agents/greeter/index.ts', 'agents/greeter/index.test.ts'],
  ...['workflows/greeting.yaml', 'workflows/greeting.test.ts', '.gitignore', 'README.md'],
]

describe('orchestrator init', () => {
  it('makes a project, and says what it has made and what to do next', async () => {
    const { code, stdout } = await cli(folder, 'init', 'My Agents', ...SPEC)
    expect(code).toBe(0)
    expect(stdout).toBe(
      `made in ${project}:\n${MADE.map((path) => `  ${path}\n`).join('')}\nWhat to do next\n  cd "My Agents"\n  npm install\n  npm test\n  npx orchestrator dev\n`,
    )
    expect(MADE.filter((path) => !existsSync(join(project, path)))).toEqual([])
    const manifest = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8')) as object
    expect(manifest).toMatchObject({
      name: 'my-agents',
      dependencies: { orchestrator: 'file:../orchestrator.tgz' },
    })
  })

  it('makes a stage that names only commands of the project', () => {
    const stage = projectFiles('mine', '1.0.0')['stages/default.yaml']
    expect(stage).toContain('npm run deploy -- --context stage=<name>')
    expect(stage).not.toMatch(/deploy -- <name>|deploy tells|shared\//)
  })

  it('refuses a folder that is not empty, and writes nothing', async () => {
    const full = join(folder, 'full')
    mkdirSync(full)
    writeFileSync(join(full, 'notes.md'), '')
    expect(await cli(folder, 'init', 'full', ...SPEC)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(
        'is not empty: it has notes.md; a project is made in a new or an empty',
      ),
    })
    expect(readdirSync(full)).toEqual(['notes.md'])
  })

  it('is made in a clone that has a license and a README, and keeps what is there', async () => {
    const clone = join(folder, 'clone')
    mkdirSync(join(clone, '.git'), { recursive: true })
    const own = {
      'Readme.md': '# Mine',
      LICENSE: 'MIT',
      '.gitignore': 'node_modules\n*.log\n',
      '.editorconfig': '',
    }
    for (const [name, text] of Object.entries(own)) writeFileSync(join(clone, name), text)
    const { code, stdout } = await cli(folder, 'init', 'clone', ...SPEC)
    expect(code).toBe(0)
    const made = MADE.filter((path) => path !== 'README.md' && path !== '.gitignore')
    expect(stdout).toContain(`made in ${clone}:\n${made.map((path) => `  ${path}\n`).join('')}`)
    expect(stdout).toContain(
      'kept, for it was there already: .gitignore, Readme.md\n  .gitignore lacks: cdk.out/, .orchestrator/\n',
    )
    for (const [name, text] of Object.entries(own)) expect(readFileSync(join(clone, name), 'utf8')).toBe(text)
    expect(made.filter((path) => !existsSync(join(clone, path)))).toEqual([])
    expect(existsSync(join(clone, 'README.md'))).toBe(false)
  })

  it('tells scripts what it has kept', async () => {
    mkdirSync(join(folder, 'kept'))
    writeFileSync(join(folder, 'kept/README'), '')
    const { stdout } = await cli(folder, 'init', 'kept', '--json', ...SPEC)
    const files = MADE.filter((path) => path !== 'README.md')
    expect(JSON.parse(stdout)).toEqual({ folder: join(folder, 'kept'), files, kept: ['README'] })
  })

  it.each(['package.json', 'src', 'Makefile', 'READ.me'])('is not made beside %s', async (name) => {
    const full = join(folder, `beside-${name}`)
    mkdirSync(full)
    writeFileSync(join(full, name), '')
    expect(await cli(folder, 'init', full, ...SPEC)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(`is not empty: it has ${name}`),
    })
    expect(readdirSync(full)).toEqual([name])
  })

  it.each([
    ['taken/x', 'a file stands where a folder would have to be (ENOTDIR)'],
    ['taken', 'a file stands where a folder would have to be (ENOTDIR)'],
    ['/proc/x', 'no folder can be made there (ENOENT)'],
    ['n'.repeat(300), 'the name is too long (ENAMETOOLONG)'],
  ])('says in one line why %s cannot be a project', async (place, why) => {
    writeFileSync(join(folder, 'taken'), '')
    const path = place.startsWith('/') ? place : join(folder, place)
    const { code, stderr } = await cli(folder, 'init', path, ...SPEC)
    expect(code).toBe(2)
    expect(stderr).toBe(`error: "${path}" cannot be a folder: ${why}\n`)
  })

  it('says in one line that the current folder is gone', async () => {
    vi.spyOn(process, 'cwd').mockImplementation(() => {
      throw Object.assign(
        new Error('ENOENT: process.cwd failed with error no such file or directory, uv_cwd'),
        {
          code: 'ENOENT',
          syscall: 'uv_cwd',
        },
      )
    })
    const { code, stderr } = await runCli(['init', ...SPEC])
    expect([code, stderr]).toEqual([2, 'error: the current folder is not there any more\n'])
  })

  it('answers JSON to scripts', async () => {
    const { stdout } = await cli(folder, 'init', 'for-scripts', '--json', ...SPEC)
    expect(JSON.parse(stdout)).toEqual({
      folder: join(folder, 'for-scripts'),
      files: MADE,
      kept: [],
    })
  })

  it('pins what it installs to versions that this package is tested with', () => {
    const { dependencies, devDependencies } = JSON.parse(
      projectFiles('mine', '1.0.0')['package.json'] ?? '',
    ) as Manifest
    const ours = JSON.parse(readFileSync(join(PACKAGE_ROOT, 'package.json'), 'utf8')) as Manifest
    const { orchestrator: _, ...libraries } = dependencies
    expect({ ...ours.dependencies, ...ours.devDependencies }).toMatchObject({
      ...libraries,
      ...devDependencies,
    })
  })
})

describe('orchestrator new', () => {
  it('adds an agent and a workflow to the project around the current folder, each with a test', async () => {
    expect((await cli(join(project, 'agents'), 'new', 'agent', 'translator', '--json')).stdout).toBe(
      `${JSON.stringify({ folder: project, files: ['agents/translator/index.ts', 'agents/translator/index.test.ts'] })}\n`,
    )
    expect(
      (await cli(project, 'new', 'workflow', 'translate', '--capability', 'translator.greet')).stdout,
    ).toContain('made workflows/translate.yaml\nmade workflows/translate.test.ts\n')
    const { workflow, issues } = validateWorkflow(
      readFileSync(join(project, 'workflows/translate.yaml'), 'utf8'),
    )
    expect(issues).toEqual([])
    expect(workflow && issuesOfCompiling(workflow)).toEqual([])
  })

  it.each([
    [['agent', 'My_Agent'], 'agent id "My_Agent": an agent id is a-z, 0-9 and dashes, starts with a letter'],
    [['workflow', '../x'], 'workflow name "../x": a workflow name starts with a-z'],
    [['workflow', 'mine', '--capability', 'A B'], '--capability "A B": a capability is lower case words'],
    [['agent', 'greeter'], 'agents/greeter/index.ts and agents/greeter/index.test.ts are there already'],
    [['workflow', 'greeting'], 'workflows/greeting.yaml and workflows/greeting.test.ts are there already'],
    [['agnet', 'mine'], "unknown command 'agnet'"],
  ])('refuses %j, saying what would be right', async (args, message) => {
    expect(await cli(project, 'new', ...args)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(message),
    })
  })

  it('writes all files or none, and says in one line which could not be written', async () => {
    const half = join(folder, 'half')
    mkdirSync(join(half, 'agents'), { recursive: true })
    writeFileSync(join(half, 'cdk.json'), '{"app":"x"}')
    symlinkSync('/proc/none/x', join(half, 'agents/one'))
    expect(await cli(half, 'new', 'agent', 'one')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^error: .*half\/agents\/one\/index\.ts cannot be written: .*\n$/),
    })
    mkdirSync(join(half, 'workflows'))
    symlinkSync('/proc/none/x', join(half, 'workflows/two.test.ts'))
    expect(await cli(half, 'new', 'workflow', 'two')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^error: .*half\/workflows\/two\.test\.ts cannot be written: .*\n$/),
    })
    expect(readdirSync(join(half, 'workflows'))).toEqual(['two.test.ts'])
  })

  it('says in one line that a cdk.json cannot be read', async () => {
    mkdirSync(join(folder, 'odd/cdk.json'), { recursive: true })
    expect(await cli(join(folder, 'odd'), 'new', 'agent', 'one')).toMatchObject({
      code: 2,
      stderr: `error: ${join(folder, 'odd/cdk.json')} cannot be read: a folder stands where a file would have to be (EISDIR)\n`,
    })
  })

  it('makes a workflow that takes what the capability takes, of each that we have, with an input that fits', async () => {
    const { agents } = await loadCatalogue()
    const catalogue = { agents: agents.map(({ manifest }) => manifest), workflows: [] }
    const offered = catalogue.agents.flatMap(({ capabilities }) => capabilities)
    expect(offered.length).toBeGreaterThan(10)
    const unfit: string[] = []
    for (const capability of offered) {
      const files = workflowFiles('mine', capability.name, underTest('mine'), capability)
      const { workflow, issues } = validateWorkflow(files['workflows/mine.yaml'] ?? '', { catalogue })
      expect([capability.name, issues]).toEqual([capability.name, []])
      expect(workflow && issuesOfCompiling(workflow)).toEqual([])
      const input = sampleOf(capability.inputSchema)
      if (!fitsSchema(capability.inputSchema, input)) unfit.push(capability.name)
    }
    // Patterns, references and conditions between fields: `new workflow` says so.
    expect(unfit.length).toBeLessThan(offered.length / 2)
  })

  it('makes a test of such a workflow that passes', async () => {
    const capability = {
      description: 'Rates texts.',
      inputSchema: {
        ...{ type: 'object', required: ['texts', 'by', 'since'] },
        properties: {
          texts: { type: 'array', items: { type: 'string', minLength: 9 }, minItems: 2 },
          by: { enum: ['length', 'tone'] },
          since: { type: 'string', format: 'date' },
          most: { type: 'integer', minimum: 3 },
        },
      },
      outputSchema: {
        type: 'object',
        required: ['rate'],
        properties: { rate: { type: 'number', exclusiveMinimum: 0 } },
      },
    }
    const files = workflowFiles('mine', 'texts.rate', underTest('mine'), capability)
    const input = sampleOf(capability.inputSchema)
    expect(input).toEqual({ texts: ['some texts', 'some texts'], by: 'length', since: '2026-01-31' })
    const output = { rate: 1 }
    expect(files['test/unit/workflow/mine.test.ts']).toContain(
      `const output = ${JSON.stringify(output, null, 2)}\n`,
    )
    const text = files['workflows/mine.yaml'] ?? ''
    const run = await testWorkflow(text, { input, agents: { 'texts.rate': { output } } })
    expect(run.result).toEqual(output)
  })

  it.each(['null', 'true', 'false', 'yes', 'e3', 'on'])(
    'writes %s as a name, and not as what YAML reads it as',
    (name) => {
      const files = workflowFiles(name, name, underTest(name))
      const { workflow, issues } = validateWorkflow(files[`workflows/${name}.yaml`] ?? '')
      expect(issues).toEqual([])
      expect(workflow).toMatchObject({ name, steps: { greet: { capability: name } } })
      expect(workflow && issuesOfCompiling(workflow)).toEqual([])
    },
  )

  it('puts them where a checkout has its own', () => {
    expect(findProject(PACKAGE_ROOT)).toMatchObject({ root: PACKAGE_ROOT, isCheckout: true })
    expect(Object.keys(agentFiles('mine', inCheckout('mine')))).toEqual([
      'functions/agents/mine/index.ts',
      'test/unit/agents/mine.test.ts',
    ])
    expect(Object.keys(workflowFiles('mine', 'echo', underTest('mine')))).toEqual([
      'workflows/mine.yaml',
      'test/unit/workflow/mine.test.ts',
    ])
  })
})

it('the project is the nearest folder with a CDK app', () => {
  expect(findProject(join(project, 'agents/greeter'))).toEqual({
    root: project,
    app: 'node infra/app.ts',
    isCheckout: false,
  })
  // Without a project around it, this checkout.
  expect(findProject(folder).root).toBe(PACKAGE_ROOT)
})
