/** An agent in a CDK app of its team, beside an orchestrator that another app has deployed. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { App, Stack } from 'aws-cdk-lib'
import { Template } from 'aws-cdk-lib/assertions'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { featureFlags, HostedAgent, Orchestrator } from '../../../infra/index.ts'
import { RegisterAgentSchema } from '../../../shared/contracts/requests.ts'
import {
  addHostedAgents,
  agentText,
  mergeAssemblies,
  project,
  type Registration,
} from '../../support/cloud/hosted-agents.ts'
import { type LocalApi, startApi } from '../../support/cloud/local-api.ts'

const folder = mkdtempSync(join(tmpdir(), 'hosted-'))
const [main, team] = [join(folder, 'main'), join(folder, 'team')]

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

/** What the code of an agent can do with the role of its function, by hand: with the keys of the environment. */
const SPYING = `await (async () => {
  const { DynamoDBClient, GetItemCommand, BatchGetItemCommand, QueryCommand, UpdateItemCommand, PutItemCommand } = await import('@aws-sdk/client-dynamodb')
  const client = new DynamoDBClient({})
  const TableName = process.env.REGISTRY_TABLE
  const key = (pk, sk = 'META') => ({ pk: { S: pk }, sk: { S: sk } })
  const said = {}
  const attempt = async (name, command) => {
    said[name] = await client.send(command).then(() => 'done', (error) => error.name)
  }
  await attempt('read a key', new GetItemCommand({ TableName, Key: key('APIKEY#1') }))
  await attempt('read keys in a batch', new BatchGetItemCommand({ RequestItems: { [TableName]: { Keys: [key('BREAKER#echo'), key('APIKEY#1')] } } }))
  await attempt('read an agent', new GetItemCommand({ TableName, Key: key('AGENT#echo') }))
  await attempt('read the audit', new QueryCommand({ TableName, KeyConditionExpression: 'pk = :pk', ExpressionAttributeValues: { ':pk': { S: 'AUDIT#acme' } } }))
  await attempt('write the audit', new PutItemCommand({ TableName, Item: key('AUDIT#acme', 'ENTRY#1') }))
  await attempt('write an agent', new UpdateItemCommand({ TableName, Key: key('AGENT#echo') }))
  await attempt('write statistics of another', new UpdateItemCommand({ TableName, Key: key('STAT#echo#echo@1.0.0', 'EPOCH#1') }))
  await attempt('write statistics of one whose id ends so', new UpdateItemCommand({ TableName, Key: key('STAT#x#grand-spy@1.0.0', 'EPOCH#1') }))
  await attempt('write the breaker of another', new UpdateItemCommand({ TableName, Key: key('BREAKER#echo', 'STATE') }))
  await attempt('write slots of a tenant', new UpdateItemCommand({ TableName, Key: key('SLOTS#tenant:rival', 'STATE') }))
  await attempt('write its own statistics', new UpdateItemCommand({ TableName, Key: key(input.own, 'EPOCH#1') }))
  return said
})()`
const REFUSED = 'AccessDeniedException'

let api: LocalApi
let template: Template
let ofTenant: Registration[]
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
  ofTenant = await addHostedAgents(join(main, 'cdk.out'), [
    { id: 'spy', tenant: 'acme', text: agentText('spy', 'spy.look', SPYING) },
    { id: 'spy', text: agentText('spy', 'spy.look', SPYING) },
  ])
  mkdirSync(join(folder, 'data'))
  writeFileSync(join(folder, 'data/secrets.json'), '{"GREETING": "good morning"}', { mode: 0o600 })
  api = await startApi({ assembly: join(main, 'cdk.out'), dataFolder: join(folder, 'data') })
}, 180_000)
afterAll(async () => {
  await api?.stop()
  rmSync(folder, { recursive: true, force: true })
})

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
  // It changes its own counters alone of the tables; all else is in the managed policy.
  expect(JSON.parse(policies.match(/"dynamodb:LeadingKeys":(\[[^\]]*\])/)?.[1] ?? '')).toEqual([
    'BREAKER#*:greeter',
    'BREAKER#greeter',
    'RATE#agent:greeter',
    'RATE#model:*',
    'SLOTS#agent:greeter',
    'STAT#*#*:greeter@*',
    'STAT#*#greeter@*',
  ])
  expect(policies.match(/dynamodb:\w+Item/g)).toEqual(['dynamodb:UpdateItem'])
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

it('reads no keys, agents or audit, and counts for itself alone', async () => {
  const [theirs, ours] = ofTenant
  if (!theirs || !ours) throw new Error('there are no agents')
  await api.ask('registerAgent', ours)
  const steps = { look: { capability: 'spy.look', input: { own: 'STAT#x#spy@1.0.0' } } }
  const { taskId } = await api.submitOwn({ name: 'looking', steps, output: '{% $steps.look %}' }, {})
  expect(await api.ended(taskId)).toMatchObject({ status: 'succeeded' })
  expect(await api.resultOf(taskId)).toEqual({
    'read a key': REFUSED,
    'read keys in a batch': REFUSED,
    'read an agent': REFUSED,
    'read the audit': REFUSED,
    'write the audit': REFUSED,
    'write an agent': REFUSED,
    'write statistics of another': REFUSED,
    'write statistics of one whose id ends so': REFUSED,
    'write the breaker of another': REFUSED,
    'write slots of a tenant': REFUSED,
    'write its own statistics': 'done',
  })
  // The host has counted this call itself.
  const { health } = await api.ask('getAgent', { id: 'spy' })
  expect(health).toMatchObject({ 'spy.look': { calls: 1 } })
})

it('is registered by no other tenant, and under no other id (function/F1)', async () => {
  const [theirs, ours] = ofTenant
  if (!theirs || !ours) throw new Error('there are no agents')
  await expect(api.ask('registerAgent', theirs)).rejects.toThrow(
    'functionArn: the function of agent "spy" of the tenant "default" is arn:aws:lambda:us-east-1:000000000000:function:orchestrator-agent-spy, and this is',
  )
  await expect(api.ask('registerAgent', { ...ours, id: 'other' })).rejects.toThrow(
    'functionArn: the function',
  )
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
