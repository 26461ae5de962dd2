import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb'
import { DescribeStateMachineCommand, SFNClient } from '@aws-sdk/client-sfn'
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { afterAll, expect, it } from 'vitest'
import { dynamodbWorkflows } from '../../functions/adapters/dynamodb/registry/workflows.ts'
import { copyProject } from '../support/cloud/copy-project.ts'
import { startDev } from '../support/cloud/start-dev.ts'

const KILLS = Number(process.env.ORCHESTRATOR_DEPLOY_KILLS ?? 6)
const SEED = Number(process.env.ORCHESTRATOR_SEED ?? 20_261_129)

const ECHO = 'functions/agents/echo/index.ts'
const project = copyProject({ validated: false, cli: true })
const echo = project.read(ECHO)
afterAll(() => project.remove())

/** A repeatable sequence of numbers from 0 to 1. */
let state = SEED
const random = (): number => {
  state = (state * 1_103_515_245 + 12_345) % 2 ** 31
  return state / 2 ** 31
}
const later = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds))

type Dev = Awaited<ReturnType<typeof startDev>>
const start = (): Promise<Dev> => startDev(project.folder)

/** Changes the code of an agent, and a workflow in a way that changes its machine. */
function edit(number: number): void {
  const steps = Array.from({ length: 1 + (number % 3) }, (_, at) => `  more${at}: { capability: echo }\n`)
  project.write(
    'workflows/simple.yaml',
    `name: simple\nversion: 1\ndescription: edit ${number}\ntaskTypes: [simple]\nsteps:\n  echo: { capability: echo, input: { by: "{% $input.a %}" } }\n${steps.join('')}output: "{% $steps.echo %}"\n`,
  )
  project.write(ECHO, echo.replace('return input', `return { input, code: ${number} }`))
}

/** A workflow that callers publish, in versions of their own. */
const own = (version: number) => ({
  ...{ name: 'own', version, description: `own ${version}` },
  steps: { one: { capability: 'echo', input: version } },
  output: '{% $steps.one %}',
})
const ASKS = `name: asks
steps:
  ask: { approval: { prompt: Go on?, timeoutSeconds: 36000, onTimeout: reject } }
output: first
`

/** Versions of workflows by name and number, as they were seen first: they never change (publish/V1, deployment/D5). */
const seen = new Map<string, string>()

/** The registry as it is stored, and the machines that it names. */
async function requireConsistent(dev: Dev): Promise<void> {
  const settings = {
    ...{ endpoint: dev.awsUrl, region: 'us-east-1' },
    credentials: { accessKeyId: 'me', secretAccessKey: 'me' },
  }
  const [tables, sfn] = [new DynamoDBClient(settings), new SFNClient(settings)]
  const { TableNames = [] } = await tables.send(new ListTablesCommand({}))
  const table = String(TableNames.find((name) => /registry/i.test(name)))
  const unreadable: unknown[] = []
  const workflows = dynamodbWorkflows({
    client: DynamoDBDocumentClient.from(tables),
    table,
    onUnreadable: (...told: unknown[]) => void unreadable.push(told),
  })
  for (const { workflow } of await workflows.listWorkflows()) {
    const versions = await workflows.listVersions(workflow.name)
    const numbers = versions.map((one) => one.workflow.version)
    expect(numbers, workflow.name).toEqual(numbers.map((_, at) => at + 1))
    for (const { workflow: stored, stateMachineArn, active, pending } of versions) {
      const what = `${stored.name} v${stored.version}`
      expect({ what, active, pending }).toEqual({ what, active: true, pending: undefined })
      const text = JSON.stringify(stored)
      expect(text).toBe(seen.get(what) ?? text)
      seen.set(what, text)
      const machine = await sfn.send(new DescribeStateMachineCommand({ stateMachineArn }))
      // The machine is that of this version, not of another one.
      for (const id of Object.keys(stored.steps)) expect(machine.definition, what).toContain(`"${id}"`)
    }
    // The name stands for one of them.
    const latest = await workflows.findWorkflow(workflow.name)
    expect(seen.get(`${workflow.name} v${latest?.workflow.version}`)).toBe(JSON.stringify(latest?.workflow))
  }
  expect(unreadable).toEqual([])
  for (const client of [tables, sfn]) client.destroy()
}

async function requireInService(dev: Dev, number: number): Promise<void> {
  expect(await dev.call('GET', '/health')).toMatchObject({ status: 200, body: { status: 'ok' } })
  expect((await dev.call('GET', '/workflows/simple')).body.description).toBe(`edit ${number}`)
  expect(await dev.run('simple', { a: number })).toEqual({ input: { by: number }, code: number })
  await requireConsistent(dev)
}

it(`serves what was saved last after ${KILLS} deployments that were killed at any moment, and a full disk`, async () => {
  project.write('workflows/asks.yaml', ASKS)
  edit(0)
  let dev = await start()
  const waiting = await dev.submit('asks', {})
  await dev.untilStep(waiting, 'ask', 'waiting')
  project.write('workflows/asks.yaml', ASKS.replace('first', 'second'))
  let began = performance.now()
  edit(1)
  await dev.next('reloaded')
  const [reload, whole] = [performance.now() - began, { start: 0 }]
  await requireInService(dev, 1)

  let number = 1
  for (let kill = 0; kill < KILLS; kill++) {
    number += 1
    if (kill % 3 === 0) {
      // A change that the running cloud deploys.
      edit(number)
      await later(random() * 1.2 * reload)
    } else if (kill % 3 === 1) {
      // A version that a caller publishes.
      number -= 1
      void dev.call('PUT', '/workflows/own', { workflow: own(1 + Math.floor(kill / 3)) }).catch(() => {})
      await later(random() * 60)
    }
    await dev.kill()
    if (kill % 3 === 2) {
      // A start that deploys a change.
      edit(number)
      await cutShort(whole.start * (0.3 + 0.7 * random()))
    }
    began = performance.now()
    dev = await start()
    whole.start = performance.now() - began
    await requireInService(dev, number)
    if (kill % 3 !== 1) continue
    // The publication that was cut short is completed by its repeat.
    const version = 1 + Math.floor(kill / 3)
    const put = await dev.call('PUT', '/workflows/own', { workflow: own(version) })
    expect(put).toMatchObject({ status: 200, body: { version } })
    expect(await dev.run('own', {})).toEqual({ input: version, code: number })
  }

  number += 1
  const limited = await fillDisk(dev)
  edit(number)
  // It refuses the change or ends, as its tables may not be written either; what counts is what it leaves.
  if (limited) await Promise.race([dev.next('refused', 60_000).catch(() => {}), dev.exited])
  await dev.kill()
  dev = await start()
  await requireInService(dev, number)

  const answered = await dev.call('POST', `/tasks/${waiting}/approvals/ask`, { decision: 'approve' })
  expect(answered.status).toBe(200)
  expect(await dev.resultOf(waiting)).toBe('first')
  await dev.stop()
}, 1_200_000)

async function cutShort(milliseconds: number): Promise<void> {
  const args = [join(project.folder, 'bin/orchestrator.mjs'), 'dev', '--port', '0', '--json']
  const child = spawn(process.execPath, args, { cwd: project.folder, stdio: 'ignore' })
  await Promise.race([once(child, 'exit'), later(milliseconds)])
  child.kill('SIGKILL')
}

/** From now on no file of the process and of those that it has started grows beyond 8 kB: a write fails half-way, as on a full disk. */
async function fillDisk(dev: Dev): Promise<boolean> {
  try {
    const children = readFileSync(`/proc/${dev.pid}/task/${dev.pid}/children`, 'utf8').trim().split(' ')
    for (const pid of [String(dev.pid), ...children].filter(Boolean))
      execFileSync('prlimit', ['--pid', pid, '--fsize=8192'], { stdio: 'ignore' })
    return true
  } catch {
    // Not everywhere can a limit be set from outside.
    return false
  }
}
