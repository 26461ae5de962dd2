import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb'
import {
  EventBridgeClient,
  ListEventBusesCommand,
  PutRuleCommand,
  PutTargetsCommand,
} from '@aws-sdk/client-eventbridge'
import { ListBucketsCommand, S3Client } from '@aws-sdk/client-s3'
import { ListStateMachinesCommand } from '@aws-sdk/client-sfn'
import { AwsClient } from 'aws4fetch'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Door, ended, openDoor, resultOf, submit } from '../scenarios/door.ts'
import { SCENARIOS } from '../scenarios/scenarios.ts'
import { copyProject } from '../support/copy-project.ts'
import { cdk, deploy, type Outputs } from './deploy.ts'
import { type Emulator, startEmulator } from './emulator.ts'
import { MissingPythonError } from './python-packages.ts'
import { createQueue } from './queue.ts'

const project = copyProject()
type Deployed = { emulator: Emulator; door: Door; clients: Clients }
type Clients = {
  region: string
  endpoint: string
  credentials: { accessKeyId: string; secretAccessKey: string }
}
let deployed: Deployed | undefined
let started: Emulator | undefined

beforeAll(async () => {
  const emulator = await startEmulator().catch((error: unknown) => {
    if (!(error instanceof MissingPythonError)) throw error
    console.warn(`SKIPPED: ${error.message}`)
    return undefined
  })
  if (!emulator) return
  started = emulator
  addWhatChanges()
  const assembly = synthesize()
  await cdk(emulator, assembly, 'bootstrap')
  const { outputs } = await deploy(emulator, assembly)
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
  deployed = {
    emulator,
    clients: { region: 'us-east-1', endpoint: emulator.url, credentials },
    door: openDoor({
      apiUrl: apiUrlOf(outputs, emulator),
      awsUrl: emulator.url,
      region: 'us-east-1',
      prefix: 'orchestrator',
      credentials,
      // The reconciler is the guarantee; its events are not relied on.
      tellsOfEnds: false,
    }),
  }
}, 600_000)
afterAll(async () => {
  await started?.stop()
  project.remove()
})

/** A test that says why when it is skipped. */
const onEmulator = (name: string, run: (deployed: Deployed) => Promise<void>) =>
  it(name, ({ skip }) => (deployed ? run(deployed) : skip('the emulator cannot be had here')))

describe('an emulator that the CDK has deployed to', () => {
  it.for(SCENARIOS)('$name', ({ run }, { skip }) =>
    deployed ? run(deployed.door) : skip('the emulator cannot be had here'),
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
    const running = await submit(door, { type: 'nap', input: { seconds: 45 } })
    const leftBehind = await submit(door, { type: 'going', input: { seconds: 45 } })
    project.write('workflows/nap.yaml', nap('after the deployment'))
    project.delete('workflows/going.yaml')
    project.delete('workflows/unused.yaml')
    project.delete('workflows/bound.yaml')
    project.write('functions/agents/arriving/index.ts', agent('arriving'))
    await deploy(emulator, synthesize())

    const status = async (id: string) => (await door.call('GET', `/agents/${id}`)).body.status
    expect(await status('arriving')).toBe('active')
    expect(await status('leaving')).toBe('inactive')
    const { body } = await door.call('GET', '/workflows')
    const names = (body.workflows as unknown as { name: string }[]).map(({ name }) => name)
    expect(names).toContain('nap')
    expect(names).not.toContain('going')

    // A machine stays as long as something runs on it, and goes with nothing.
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

  onEmulator(
    'end with destroy, which leaves what is retained on purpose',
    async ({ emulator, door, clients }) => {
      // Whatever waits does not keep its machine.
      await submit(door, { type: 'nap', input: { seconds: 3_600 } })
      await cdk(emulator, project.out, 'destroy', '--all', '--force')
      const { EventBuses = [] } = await new EventBridgeClient(clients).send(new ListEventBusesCommand({}))
      expect(EventBuses.map(({ Name }) => Name)).toContain('orchestrator')
      const { stateMachines } = await door.sfn.send(new ListStateMachinesCommand({}))
      expect(stateMachines?.map(({ name }) => name)).toEqual([])
      expect(await functionNames(clients)).toEqual([])
      const { TableNames } = await new DynamoDBClient(clients).send(new ListTablesCommand({}))
      expect(TableNames).toHaveLength(2)
      const { Buckets = [] } = await new S3Client({ ...clients, forcePathStyle: true }).send(
        new ListBucketsCommand({}),
      )
      const ours = Buckets.filter(({ Name = '' }) => !Name.startsWith('cdk-'))
      expect(ours).toHaveLength(2)
    },
  )
})

/** Besides what comes with the project: what the second deployment changes or removes. */
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
import { defineAgent } from '../../../shared/agent/define-agent.ts'

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

function synthesize(): string {
  const { status, stderr } = project.synthesize()
  if (status !== 0) throw new Error(`the stacks could not be synthesized:\n${stderr}`)
  return project.out
}

function apiUrlOf(outputs: Outputs, { url }: Emulator): string {
  const { ApiUrl } = outputs
  if (!ApiUrl) throw new Error(`no address of the API among the outputs: ${JSON.stringify(outputs)}`)
  return `http://${new URL(ApiUrl).hostname.split('.')[0]}.execute-api.localhost:${new URL(url).port}`
}

async function functionNames({ region, endpoint, credentials }: Clients): Promise<string[]> {
  const client = new AwsClient({ ...credentials, region, service: 'lambda' })
  const { Functions } = (await (await client.fetch(`${endpoint}/2015-03-31/functions`)).json()) as {
    Functions: { FunctionName: string }[]
  }
  return Functions.map(({ FunctionName }) => FunctionName)
}
