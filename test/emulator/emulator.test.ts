import {
  DescribeContinuousBackupsCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  DynamoDBClient,
  ListTablesCommand,
  RestoreTableToPointInTimeCommand,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb'
import {
  CreateEventBusCommand,
  DeleteEventBusCommand,
  DeleteRuleCommand,
  EventBridgeClient,
  ListEventBusesCommand,
  PutRuleCommand,
  PutTargetsCommand,
  RemoveTargetsCommand,
} from '@aws-sdk/client-eventbridge'
import { ListBucketsCommand, S3Client } from '@aws-sdk/client-s3'
import { ListStateMachinesCommand } from '@aws-sdk/client-sfn'
import { AwsClient } from 'aws4fetch'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Door, ended, openDoor, resultOf, submit } from '../scenarios/door.ts'
import { type IdentityDoor, openIdentityDoor, waitMinute } from '../scenarios/identity/identity-door.ts'
import { AFTER_A_MINUTE, IDENTITY } from '../scenarios/identity/lives.ts'
import { SCENARIOS } from '../scenarios/scenarios.ts'
import { copyProject } from '../support/cloud/copy-project.ts'
import { identityOf, TestIssuer } from '../support/cloud/token-cloud.ts'
import { cdk, deploy, destroy, failAtFirst, type Outputs } from './deploy.ts'
import { type Emulator, startEmulator } from './emulator.ts'
import { MissingPythonError } from './python-packages.ts'
import { createQueue } from './queue.ts'

const project = copyProject()
type Deployed = { emulator: Emulator; door: Door; identityDoor: IdentityDoor; clients: Clients }
type Clients = {
  region: string
  endpoint: string
  credentials: { accessKeyId: string; secretAccessKey: string }
}
let deployed: Deployed | undefined
let started: Emulator | undefined
/** The issuer of tokens that the stage names; the emulator's functions ask it for its keys. */
let issuer: TestIssuer
/** The tables that a failed first deployment has left. */
let firstTables: string[] = []

beforeAll(async () => {
  const emulator = await startEmulator().catch((error: unknown) => {
    if (!(error instanceof MissingPythonError)) throw error
    console.warn(`SKIPPED: ${error.message}`)
    return undefined
  })
  if (!emulator) return
  started = emulator
  issuer = await TestIssuer.start()
  addWhatChanges()
  // Different from the later deployment: an uploaded template is found by the digest that it had at synthesis.
  const assembly = synthesize({ logRetentionDays: '14' })
  await cdk(emulator, assembly, 'bootstrap')
  const clients = clientsOf(emulator)
  firstTables = await failedFirst(emulator, clients, assembly)
  const { outputs } = await deploy(emulator, synthesize())
  const url = addressOf(outputs.TokenApiUrl, emulator)
  const identityDoor = await openIdentityDoor({ url, signer: issuer, passMinute: waitMinute })
  deployed = { emulator, clients, door: doorOf(outputs, emulator), identityDoor }
}, 600_000)
afterAll(async () => {
  await started?.stop()
  await issuer?.stop()
  project.remove()
})

const clientsOf = ({ url }: Emulator): Clients => {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
  return { region: 'us-east-1', endpoint: url, credentials }
}

function doorOf(outputs: Outputs, emulator: Emulator): Door {
  const { region, credentials } = clientsOf(emulator)
  return openDoor({
    apiUrl: addressOf(outputs.ApiUrl, emulator),
    awsUrl: emulator.url,
    region,
    prefix: 'orchestrator',
    credentials,
    // The emulator may not send status events; the reconciler finds the ends.
    tellsOfEnds: false,
  })
}

/** A deployment that fails: the name of an added event bus is taken. Returns the retained tables. */
async function failedFirst(emulator: Emulator, clients: Clients, assembly: string): Promise<string[]> {
  const events = new EventBridgeClient(clients)
  const taken = { Name: 'taken' }
  await events.send(new CreateEventBusCommand(taken))
  failAtFirst(assembly, taken)
  await expect(deploy(emulator, assembly)).rejects.toThrow('orchestrator-data')
  await events.send(new DeleteEventBusCommand(taken))
  return tableNames(clients)
}

/** A test that prints the reason when it is skipped. */
const onEmulator = (name: string, run: (deployed: Deployed) => Promise<void>) =>
  it(name, ({ skip }) => (deployed ? run(deployed) : skip('the emulator cannot be had here')))

describe('an emulator that the CDK has deployed to', () => {
  onEmulator('has the tables that a first deployment has left, which failed', async ({ clients }) => {
    expect(firstTables).toHaveLength(2)
    expect(await tableNames(clients)).toEqual(firstTables)
  })

  it.for(IDENTITY)('its door for tokens and keys $name', ({ run }, { skip }) =>
    deployed ? run(deployed.identityDoor) : skip('the emulator cannot be had here'),
  )

  it.for(SCENARIOS)('$name', ({ run, failsSlowlyOnEmulator }, { skip }) => {
    if (failsSlowlyOnEmulator) skip('the emulator retries every error')
    return deployed ? run(deployed.door) : skip('the emulator cannot be had here')
  })

  onEmulator(`its door for tokens and keys ${AFTER_A_MINUTE.name}`, ({ identityDoor }) =>
    AFTER_A_MINUTE.run(identityDoor),
  )

  onEmulator('delivers events to whoever subscribes to the bus', async ({ emulator, door, clients }) => {
    const queue = await createQueue(emulator, 'consumer')
    const events = new EventBridgeClient(clients)
    const rule = { Name: 'consumer', EventBusName: 'orchestrator' }
    await events.send(new PutRuleCommand({ ...rule, EventPattern: '{"source":["orchestrator"]}' }))
    const target = {
      Rule: rule.Name,
      EventBusName: rule.EventBusName,
      Targets: [{ Id: '1', Arn: queue.arn }],
    }
    await events.send(new PutTargetsCommand(target))
    const taskId = await submit(door, { type: 'simple', input: {} })
    await ended(door, taskId)
    const heard: string[] = []
    const typesOfTask = async () => {
      heard.push(...(await queue.receive()))
      const parsed = heard.map((text) => JSON.parse(text) as { 'detail-type': string; detail: object })
      return parsed
        .filter(({ detail }) => JSON.stringify(detail).includes(taskId))
        .map((one) => one['detail-type'])
    }
    await expect
      .poll(typesOfTask, { timeout: 20_000 })
      .toEqual(expect.arrayContaining(['task.submitted', 'step.succeeded', 'task.succeeded']))
    // An event bus with rules is never created anew, and this emulator cannot import one.
    const { Name, EventBusName } = rule
    await events.send(new RemoveTargetsCommand({ Rule: Name, EventBusName, Ids: ['1'] }))
    await events.send(new DeleteRuleCommand({ Name, EventBusName }))
  })
})

describe('the next deployments', () => {
  onEmulator('differ in nothing when nothing has changed', async ({ emulator }) => {
    const { words } = await deploy(emulator, synthesize())
    expect(words.match(/\(no changes\)/g)).toHaveLength(3)
    await cdk(emulator, project.out, 'diff', '--fail')
  })

  onEmulator(
    'refuse to remove an agent that a task is bound to, and leave everything as it was',
    async ({ emulator, door }) => {
      const taskId = await submit(door, { type: 'bound', input: {} })
      project.delete('functions/agents/leaving')
      await expect(deploy(emulator, synthesize())).rejects.toThrow(
        `leaving: removed, and still bound to ${taskId}`,
      )
      expect((await door.call('GET', '/agents/leaving')).body).toMatchObject({ status: 'active' })
      await door.call('POST', `/tasks/${taskId}/cancel`, {})
    },
  )

  onEmulator('change, add and remove: what runs goes on as it began', async ({ emulator, door }) => {
    const running = await submit(door, { type: 'nap', input: { seconds: 60 } })
    const leftBehind = await submit(door, { type: 'going', input: { seconds: 60 } })
    project.write('workflows/nap.yaml', nap('after the deployment'))
    project.delete('workflows/going.yaml')
    project.delete('workflows/unused.yaml')
    project.delete('workflows/bound.yaml')
    project.write('functions/agents/arriving/index.ts', agent('arriving'))
    await deploy(emulator, synthesize())

    const status = async (id: string) => (await door.call('GET', `/agents/${id}`)).body.status
    expect(await status('arriving')).toBe('active')
    expect(await status('leaving')).toBe('inactive')
    const { workflows } = await door.ask('listWorkflows')
    const names = workflows.map(({ name }) => name)
    expect(names).toContain('nap')
    expect(names).not.toContain('going')

    // A machine is kept while executions run on it, and removed when none do.
    const collected = (await door.invoke('collect', { unusedDays: 0 })) as { removed: string[] }
    expect(collected.removed).not.toContain('going')
    expect(collected).toMatchObject({
      removed: expect.arrayContaining(['unused']),
      busy: expect.arrayContaining(['going']),
    })

    const next = await submit(door, { type: 'nap', input: { seconds: 1 } })
    await ended(door, next, 60)
    expect(await resultOf(door, next)).toEqual({ said: 'after the deployment' })
    await ended(door, running, 120)
    expect(await resultOf(door, running)).toEqual({ said: 'before the deployment' })
    expect(await ended(door, leftBehind, 120)).toMatchObject({ status: 'succeeded' })
  })

  onEmulator('bring back a workflow that was removed, under its name', async ({ emulator, door }) => {
    project.write('workflows/going.yaml', waitThen('going', 1, 'capability: echo, input: { is: back }'))
    const { words } = await deploy(emulator, synthesize())
    expect(words).toContain('taken back: orchestrator-going')
    const taskId = await submit(door, { type: 'going', input: {} })
    expect(await ended(door, taskId, 60)).toMatchObject({ status: 'succeeded' })
    expect(await resultOf(door, taskId)).toMatchObject({ then: { is: 'back' } })
  })
})

describe('an installation that is destroyed and deployed again', () => {
  let old = ''

  onEmulator('leaves what is retained on purpose, and nothing else', async ({ emulator, door, clients }) => {
    old = await submit(door, { type: 'simple', input: { message: LARGE } })
    await ended(door, old, 60)
    // A waiting execution does not keep its machine.
    await submit(door, { type: 'nap', input: { seconds: 3_600 } })
    const kept = await destroy(emulator, project.out)
    const names = ['orchestrator', ...(await bucketNames(clients)), ...(await tableNames(clients))]
    expect(kept.sort()).toEqual(names.sort())
    expect(kept).toHaveLength(5)
    const { EventBuses = [] } = await new EventBridgeClient(clients).send(new ListEventBusesCommand({}))
    expect(EventBuses.map(({ Name }) => Name)).toContain('orchestrator')
    const { stateMachines } = await door.sfn.send(new ListStateMachinesCommand({}))
    expect(stateMachines?.map(({ name }) => name)).toEqual([])
    expect(await functionNames(clients)).toEqual([])
  })

  onEmulator('takes the tables and buckets back, and reads an old task', async ({ emulator, clients }) => {
    const before = [await tableNames(clients), await bucketNames(clients)]
    const { outputs, words } = await deploy(emulator, synthesize())
    expect([await tableNames(clients), await bucketNames(clients)]).toEqual(before)
    for (const name of before.flat()) expect(words).toContain(`taken back: ${name}`)
    const door = doorOf(outputs, emulator)
    expect(await ended(door, old, 5)).toMatchObject({ status: 'succeeded' })
    expect(await resultOf(door, old)).toEqual({ message: LARGE })
    const next = await submit(door, { type: 'simple', input: { message: 'again' } })
    expect(await ended(door, next, 60)).toMatchObject({ status: 'succeeded' })
    // From here on the stack is deployed as usual.
    expect((await deploy(emulator, synthesize())).words.match(/\(no changes\)/g)).toHaveLength(3)
  })

  onEmulator('takes a table that was restored, and gives it what restoring does not', async (all) => {
    const { emulator, clients } = all
    const dynamodb = new DynamoDBClient(clients)
    const [source = ''] = (await tableNames(clients)).filter((name) => name.includes('-Tasks'))
    const TableName = 'orchestrator-tasks-restored'
    const restore = { SourceTableName: source, TargetTableName: TableName, UseLatestRestorableTime: true }
    await dynamodb.send(new RestoreTableToPointInTimeCommand(restore))
    await waitUntilTableExists({ client: dynamodb, maxWaitTime: 60 }, { TableName })
    const adopt = ['--adopt', `tasks=${TableName}`]
    await expect(deploy(emulator, project.out, ...adopt)).rejects.toThrow('orchestrator-data is deployed')
    await destroy(emulator, project.out)
    const { outputs } = await deploy(emulator, synthesize(), ...adopt)
    expect(outputs.TasksTable).toBe(TableName)
    expect(await resultOf(doorOf(outputs, emulator), old)).toEqual({ message: LARGE })
    const { Table } = await dynamodb.send(new DescribeTableCommand({ TableName }))
    expect(Table?.DeletionProtectionEnabled).toBe(true)
    const expiry = await dynamodb.send(new DescribeTimeToLiveCommand({ TableName }))
    const enabled = { TimeToLiveStatus: 'ENABLED', AttributeName: 'expiresAt' }
    expect(expiry.TimeToLiveDescription).toMatchObject(enabled)
    const backups = await dynamodb.send(new DescribeContinuousBackupsCommand({ TableName }))
    const recovery = backups.ContinuousBackupsDescription?.PointInTimeRecoveryDescription
    expect(recovery).toMatchObject({ PointInTimeRecoveryStatus: 'ENABLED' })
  })
})

/** Larger than a DynamoDB item, so it is stored in the bucket (claim check). */
const LARGE = 'large '.repeat(10_000)

async function tableNames(clients: Clients): Promise<string[]> {
  const { TableNames = [] } = await new DynamoDBClient(clients).send(new ListTablesCommand({}))
  return TableNames
}

async function bucketNames(clients: Clients): Promise<string[]> {
  const s3 = new S3Client({ ...clients, forcePathStyle: true })
  const { Buckets = [] } = await s3.send(new ListBucketsCommand({}))
  return Buckets.flatMap(({ Name = '' }) => (Name.startsWith('cdk-') ? [] : [Name]))
}

/** Adds resources that the second deployment changes or removes. */
function addWhatChanges(): void {
  project.write('workflows/nap.yaml', nap('before the deployment'))
  project.write('workflows/going.yaml', waitThen('going', '{% $input.seconds %}', 'agent: echo'))
  project.write('workflows/unused.yaml', waitThen('unused', '{% $input.seconds %}', 'agent: echo'))
  project.write('workflows/bound.yaml', waitThen('bound', 60, 'agent: leaving'))
  project.write('functions/agents/leaving/index.ts', agent('leaving'))
}

const nap = (said: string): string =>
  `${waitThen('nap', '{% $input.seconds %}', `capability: echo, input: { said: ${said} }`)}output: "{% $steps.then %}"\n`

const waitThen = (name: string, seconds: number | string, step: string): string =>
  `name: ${name}\nsteps:\n  rest: { wait: { seconds: ${JSON.stringify(seconds)} } }\n  then: { needs: [rest], ${step} }\n`

const agent = (id: string): string => `import * as z from 'zod'
import { defineAgent } from '../../../shared/agent/index.ts'

export default defineAgent({
  id: '${id}',
  version: '1.0.0',
  description: 'Comes and goes.',
  capabilities: { '${id}.work': { description: '', input: z.looseObject({}), output: z.looseObject({}) } },
  async execute({ input }) {
    return input
  },
})
`

function synthesize(context: Record<string, string> = {}): string {
  const identity = JSON.stringify(identityOf(issuer))
  const { status, stderr } = project.synthesize({ identity, ...context })
  if (status !== 0) throw new Error(`the stacks could not be synthesized:\n${stderr}`)
  return project.out
}

/** Where the emulator serves an API whose address a deployment has told. */
function addressOf(told: string | undefined, { url }: Emulator): string {
  if (!told) throw new Error('the deployment has told no address of an API')
  return `http://${new URL(told).hostname.split('.')[0]}.execute-api.localhost:${new URL(url).port}`
}

async function functionNames({ region, endpoint, credentials }: Clients): Promise<string[]> {
  const client = new AwsClient({ ...credentials, region, service: 'lambda' })
  const { Functions } = (await (await client.fetch(`${endpoint}/2015-03-31/functions`)).json()) as {
    Functions: { FunctionName: string }[]
  }
  return Functions.map(({ FunctionName }) => FunctionName)
}
