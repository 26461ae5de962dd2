/** An agent in a CDK app of its team, beside an orchestrator that another app has deployed. */
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { App, Stack } from 'aws-cdk-lib'
import { Template } from 'aws-cdk-lib/assertions'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { featureFlags, HostedAgent, Orchestrator } from '../../../infra/index.ts'
import { RegisterAgentSchema } from '../../../shared/contracts/requests.ts'
import { type LocalApi, startApi } from '../../support/cloud/local-api.ts'

const ROOT = join(import.meta.dirname, '../../..')
const folder = mkdtempSync(join(tmpdir(), 'hosted-'))
const [main, team] = [join(folder, 'main'), join(folder, 'team')]

function project(root: string, agents: Readonly<Record<string, string>>): void {
  mkdirSync(join(root, 'node_modules'), { recursive: true })
  for (const [name, target] of [
    ['orchestrator', ROOT],
    ['zod', join(ROOT, 'node_modules/zod')],
  ] as const)
    symlinkSync(target, join(root, 'node_modules', name))
  for (const [id, text] of Object.entries(agents)) {
    const file = join(root, 'agents', id, 'index.ts')
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
  }
}

const agent = (id: string, needs: string, execute: string): string => `
  import { defineAgent } from 'orchestrator/agent'
  import * as z from 'zod'
  export default defineAgent({
    id: '${id}',
    version: '1.0.0',
    description: 'Greets.',
    needs: ${needs},
    capabilities: { '${id}.greet': { description: 'Greets.', input: z.object({ name: z.string() }), output: z.json() } },
    execute: async ({ input }, context) => (${execute}),
  })
`
const GREETER = agent(
  'greeter',
  "{ secrets: ['GREETING'], environment: { TEAM: 'team-of-greeters' } }",
  `{ text: input.name, letters: (await context.secret('GREETING')).length, team: process.env.TEAM,
     file: await context.files.write('greeting.txt', 'hello'), once: await context.once('greet', async () => 'greeted') }`,
)

let api: LocalApi
let template: Template
beforeAll(async () => {
  project(main, { local: agent('local', '{}', 'input.name') })
  project(team, { greeter: GREETER })
  const context = featureFlags()
  const ours = new App({ outdir: join(main, 'cdk.out'), analyticsReporting: false, context })
  await Orchestrator.create(ours, { root: main, builtIn: false, stage: {} })
  ours.synth()
  const theirs = new App({ outdir: join(team, 'cdk.out'), analyticsReporting: false, context })
  const stack = new Stack(theirs, 'greeters')
  await HostedAgent.create(stack, 'Greeter', {
    root: team,
    agent: 'agents/greeter',
    stage: {
      prefix: 'orchestrator',
      secrets: { GREETING: 'ssm:/team/greeting' },
      maxFileMb: 7,
      statistics: 'own',
    },
  })
  theirs.synth()
  template = Template.fromStack(stack)
  mergeAssemblies(join(team, 'cdk.out'), join(main, 'cdk.out'))
  mkdirSync(join(folder, 'data'))
  writeFileSync(join(folder, 'data/secrets.json'), '{"GREETING": "good morning"}', { mode: 0o600 })
  api = await startApi({ assembly: join(main, 'cdk.out'), dataFolder: join(folder, 'data') })
}, 180_000)
afterAll(async () => {
  await api?.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** Both assemblies as one, as if both were deployed into one account. */
function mergeAssemblies(from: string, to: string): void {
  for (const name of readdirSync(from))
    if (name !== 'manifest.json') cpSync(join(from, name), join(to, name), { recursive: true })
  const [theirs, ours] = [from, to].map((one) => JSON.parse(readFileSync(join(one, 'manifest.json'), 'utf8')))
  const artifacts = { ...ours.artifacts, greeters: theirs.artifacts.greeters }
  writeFileSync(join(to, 'manifest.json'), JSON.stringify({ ...ours, artifacts }))
}

it('has the policy and the names of the stores from the stack of the orchestrator, and grants of its own', () => {
  template.hasResourceProperties('AWS::Lambda::Function', {
    FunctionName: 'orchestrator-agent-greeter',
    Environment: {
      Variables: {
        TASKS_TABLE: '{{resolve:ssm:/orchestrator/agent-host/tasks-table}}',
        MAX_FILE_MB: '7',
        STATISTICS: 'own',
      },
    },
  })
  const [role] = Object.values(template.findResources('AWS::IAM::Role'))
  expect(JSON.stringify(role?.Properties.ManagedPolicyArns)).toContain(':policy/orchestrator-agent-host-')
  const policies = JSON.stringify(template.findResources('AWS::IAM::Policy'))
  expect(policies).toContain('ssm:GetParameter')
  expect(policies).not.toContain('dynamodb:')
})

it('is registered by the API, and runs as any other agent', async () => {
  const written = readFileSync(join(team, 'cdk.out/hosted-agents/greeter.agent.json'), 'utf8')
  const functionArn = 'arn:aws:lambda:us-east-1:000000000000:function:orchestrator-agent-greeter'
  await api.ask('registerAgent', RegisterAgentSchema.parse({ ...JSON.parse(written), functionArn }))
  const steps = { greet: { capability: 'greeter.greet', input: { name: 'Ada' } } }
  const { taskId } = await api.submitOwn({ name: 'greeted', steps, output: '{% $steps.greet %}' }, {})
  const task = await api.ended(taskId)
  expect(task, JSON.stringify(task)).toMatchObject({ status: 'succeeded' })
  expect(await api.resultOf(taskId)).toEqual({
    text: 'Ada',
    letters: 12,
    team: 'team-of-greeters',
    file: { $file: expect.any(String) },
    once: 'greeted',
  })
})

it('may not be made of what is not there', async () => {
  const make = (props: object) =>
    HostedAgent.create(new Stack(new App({ analyticsReporting: false, context: featureFlags() }), 'x'), 'X', {
      root: team,
      agent: 'agents/greeter',
      ...props,
    })
  await expect(make({})).rejects.toThrow('agent greeter needs secret GREETING')
  await expect(make({ agent: 'agents/greter' })).rejects.toThrow(
    'there is no agent agents/greter/index.ts in',
  )
})
