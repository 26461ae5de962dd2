import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { App, Stage } from 'aws-cdk-lib'
import { Match, Template } from 'aws-cdk-lib/assertions'
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest'
import { featureFlags, Orchestrator } from '../../../infra/index.ts'

const ROOT = join(import.meta.dirname, '../../..')
const root = mkdtempSync(join(tmpdir(), 'own-app-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))
afterEach(() => {
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
})
mkdirSync(join(root, 'node_modules'))
for (const [name, target] of [
  ['orchestrator', ROOT],
  ['zod', join(ROOT, 'node_modules/zod')],
] as const)
  symlinkSync(target, join(root, 'node_modules', name))

/** As in a user's own project, the import names the package. */
const agent = (id: string): string => `
  import { defineAgent } from 'orchestrator/agent'
  import * as z from 'zod'
  const text = z.object({ text: z.string() })
  const capabilities = { '${id}.say': { description: 'Says it.', input: text, output: text } }
  export default defineAgent({ id: '${id}', version: '1.0.0', description: 'Says.', capabilities, execute: async ({ input }) => input })
`
const workflow = (name: string): string =>
  `name: ${name}\nversion: 1\nsteps:\n  say: { capability: greeter.say, input: { text: hello } }\n`

function write(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), text)
}
write('agents/greeter/index.ts', agent('greeter'))
write('workflows/greeting.yaml', workflow('greeting'))
write('taken/echo/index.ts', agent('echo'))
write('clashing/simple.yaml', workflow('simple'))
const LAZY: [id: string, text: string, problem: RegExp][] = [
  [
    'package',
    "await import('no-such-package')",
    /^lazy\/package\/index\.ts:7:\d+: Could not resolve "no-such-package"$/,
  ],
  ['file', "await import('./none.ts')", /^lazy\/file\/index\.ts:7:\d+: Could not resolve ".\/none.ts"$/],
  [
    'asset',
    "await import('./table.csv')",
    /^lazy\/asset\/index\.ts:7:\d+: No loader is configured for ".csv" files/,
  ],
]
for (const [id, text] of LAZY)
  write(`lazy/${id}/index.ts`, `${agent(id)}export const load = async () => ${text}\n`)
write('lazy/asset/table.csv', 'a,b')
write('lazy/greeter/index.ts', agent('greeter'))
write('stages/default.yaml', 'prefix: filed\nburstRequests: 8\nlogRetentionDays: 7\n')

const makeApp = (context: Record<string, unknown> = {}): App =>
  new App({ analyticsReporting: false, context: { ...featureFlags(), ...context } })

const namesIn = (template: Template, type: string, property: string): string[] =>
  Object.values(template.findResources(type))
    .map(({ Properties }) => Properties[property] as string)
    .sort()

describe('an orchestrator in a CDK app of a team', () => {
  it('has the agents and workflows of its project, and nothing else', async () => {
    const app = makeApp({ burstRequests: '7' })
    const { stage, data, runtime } = await Orchestrator.create(app, { root, builtIn: false })
    const template = Template.fromStack(runtime)
    const functions = namesIn(template, 'AWS::Lambda::Function', 'FunctionName')
    expect(functions.filter((name) => name.includes('-agent-'))).toEqual(['filed-agent-greeter'])
    expect(namesIn(template, 'AWS::StepFunctions::StateMachine', 'StateMachineName')).toEqual([
      'filed-greeting',
    ])
    // From the stage's file, with one field overridden on the command line.
    expect(stage).toMatchObject({ prefix: 'filed', logRetentionDays: 7, burstRequests: 7 })
    expect([data.stackName, runtime.stackName]).toEqual(['filed-data', 'filed-runtime'])
    Template.fromStack(data).hasResourceProperties('AWS::S3::Bucket', {
      Tags: Match.arrayWith([{ Key: 'application', Value: 'filed' }]),
    })
  })

  it('has the built-in ones beside them unless it says otherwise, also within a Stage', async () => {
    const production = new Stage(makeApp(), 'production')
    const { runtime } = await Orchestrator.create(production, { root, stage: { prefix: 'mine' } })
    const functions = namesIn(Template.fromStack(runtime), 'AWS::Lambda::Function', 'FunctionName')
    expect(functions).toEqual(expect.arrayContaining(['mine-agent-echo', 'mine-agent-greeter', 'mine-api']))
  })

  it.each([
    [{ agents: 'taken' }, 'an agent "echo" is built in ('],
    [
      { workflows: 'clashing' },
      '"simple" is claimed by simple here, and by simple in workflows/simple.yaml:2:1, which is built in; choose another',
    ],
    [{ agents: 'agnets' }, 'there is no folder "agnets" in '],
    [{ stage: 'defautl' }, 'there is no stages/defautl.yaml; did you mean "default"?'],
    [{ stage: { prefix: 'No!' } }, 'prefix: a prefix is a-z and 0-9, starts with a letter'],
  ])('refuses %j', async (props, message) => {
    await expect(Orchestrator.create(makeApp(), { root, ...props })).rejects.toThrow(message)
  })

  it('leaves out agents that can be loaded but not bundled, where it may; else it is an error', {
    timeout: 120_000,
  }, async () => {
    const props = { root, agents: 'lazy', builtIn: false }
    await expect(Orchestrator.create(makeApp(), props)).rejects.toThrow('Could not resolve "./none.ts"')
    vi.stubEnv('ORCHESTRATOR_LEAVE_OUT', 'true')
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
    const app = makeApp()
    await Orchestrator.create(app, props)
    const bundled = readdirSync(join(app.outdir, 'bundles')).filter((name) => name.startsWith('agent-'))
    expect(bundled).toEqual(['agent-greeter'])
    const lines = warn.mock.calls.map(([line]) => String(line).replace('warning: left out ', ''))
    for (const [, , problem] of LAZY) expect(lines).toContainEqual(expect.stringMatching(problem))
    expect(lines).toHaveLength(LAZY.length)
  })
})
