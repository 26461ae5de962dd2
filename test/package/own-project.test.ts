import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { makePackage } from '../../scripts/package/make-package.ts'
import { type Ended, npmFailure, printedBy, run, start } from './own-project.ts'

const folder = mkdtempSync(join(tmpdir(), 'own-project-'))
const [empty, project] = [join(folder, 'empty'), join(folder, 'my-agents')]
const OPTIONS = ['--prefer-offline', '--no-audit', '--no-fund']
const WHY = 'there is neither a registry nor a cache of npm'

let isInstalled = false
beforeAll(async () => {
  const { tarball } = await makePackage(join(folder, 'package'))
  mkdirSync(empty)
  isInstalled = await install(empty, tarball)
  if (!isInstalled) return
  expect(await run(empty, 'orchestrator', 'init', '../my-agents')).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('npx orchestrator dev'),
  })
  // Reuses the installed packages instead of a second installation.
  renameSync(join(empty, 'node_modules'), join(project, 'node_modules'))
  isInstalled = await install(project)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Returns whether installing was possible; throws for failures other than a missing network. */
async function install(where: string, ...packages: string[]): Promise<boolean> {
  const ended = await run(where, 'npm', 'install', ...OPTIONS, ...packages)
  const reason = npmFailure(ended)
  if (reason !== undefined) console.warn(`SKIPPED: the package could not be installed (${reason}): ${WHY}`)
  else succeeded(ended)
  return reason === undefined
}

function succeeded(ended: Ended): void {
  expect(ended.code, `${ended.stdout}\n${ended.stderr}`).toBe(0)
}

it('is made by init from where the package was installed, and takes new agents and workflows', async ({
  skip,
}) => {
  if (!isInstalled) return skip(WHY)
  const manifest = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>
  }
  expect(manifest.dependencies.orchestrator).toBe('file:../package/orchestrator-0.1.0.tgz')
  succeeded(await run(project, 'orchestrator', 'new', 'agent', 'translator'))
  succeeded(
    await run(project, 'orchestrator', 'new', 'workflow', 'translate', '--capability', 'translator.greet'),
  )
})

it('compiles, and passes its tests', async ({ skip }) => {
  if (!isInstalled) return skip(WHY)
  succeeded(await run(project, 'tsc'))
  succeeded(await run(project, 'vitest', 'run', '--reporter=json', '--outputFile.json=report.json'))
  const report = readFileSync(join(project, 'report.json'), 'utf8')
  expect(JSON.parse(report)).toMatchObject({ numPassedTests: 8, numTotalTests: 8 })
})

it('reports the place of a type error', async ({ skip }) => {
  if (!isInstalled) return skip(WHY)
  const file = join(project, 'agents/translator/index.ts')
  const text = readFileSync(file, 'utf8')
  writeFileSync(file, text.replace('return { text:', 'return { txt:'))
  const { code, stdout } = await run(project, 'tsc')
  writeFileSync(file, text)
  expect(code).not.toBe(0)
  expect(stdout).toContain('agents/translator/index.ts(')
})

it('is synthesized by the CDK, with its own agents and the built-in ones', async ({ skip }) => {
  if (!isInstalled) return skip(WHY)
  succeeded(await run(project, 'cdk', 'synth', '--quiet'))
  const template = readFileSync(join(project, 'cdk.out/orchestrator-runtime.template.json'), 'utf8')
  const { Resources } = JSON.parse(template) as {
    Resources: Record<string, { Type: string; Properties: { FunctionName?: string } }>
  }
  const functions = Object.values(Resources).map(({ Properties }) => Properties.FunctionName)
  expect(functions).toEqual(
    expect.arrayContaining([
      'orchestrator-agent-greeter',
      'orchestrator-agent-translator',
      'orchestrator-agent-echo',
    ]),
  )
})

it('runs a task of its own to the end, on this machine', async ({ skip }) => {
  if (!isInstalled) return skip(WHY)
  const dev = start(project, 'orchestrator', ['dev', '--port', '0'])
  const ended = new Promise((resolve) => dev.once('close', resolve))
  try {
    const [, url = ''] = await printedBy(dev, /API +(http:\S+)\/api\/v1\n/)
    const args = ['submit', 'greeting', '--input', '{"name":"Ada"}', '--wait', '--json']
    const submitted = await run(
      project,
      'env',
      `ORCHESTRATOR_URL=${url}`,
      'node_modules/.bin/orchestrator',
      ...args,
    )
    succeeded(submitted)
    expect(JSON.parse(submitted.stdout)).toMatchObject({
      status: 'succeeded',
      result: { text: 'Hello, Ada!' },
    })
  } finally {
    dev.kill('SIGINT')
    expect(await ended).toBe(0)
  }
})
