import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { GetExecutionHistoryCommand, ListExecutionsCommand } from '@aws-sdk/client-sfn'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { removeAltered, replaceAgent } from '../support/cloud/altered-assembly.ts'
import { KILL_RESULT, killWorkflow } from '../support/cloud/kill-target.ts'
import { type LocalApi, startApi } from '../support/cloud/local-api.ts'
import { type StoredRuns, storedRuns } from '../support/stores/stored-runs.ts'

/** How often the process is killed: a few times in `npm test`; the variable allows longer runs. */
const KILLS = Number(process.env.ORCHESTRATOR_KILLS ?? 10)
const SEED = Number(process.env.ORCHESTRATOR_SEED ?? 20_261_123)
const PER_KILL_MILLISECONDS = 6_000
const TARGET = join(import.meta.dirname, '../support/cloud/kill-target.ts')
const STEPS = ['a', 'b', 'c', 'd', 'e', 'w']
const NEEDS: Readonly<Record<string, string[]>> = { c: ['a'], d: ['a', 'b'], e: ['c', 'd', 'w'] }

/** What a folder of the project brings: every entry but those for the others. */
const namesIn = (folder: string): string[] =>
  readdirSync(join(import.meta.dirname, '../..', folder))
    .filter((name) => !name.startsWith('_'))
    .sort()

/** Mulberry32: the same seed gives the same kill points. */
function seededRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

const sleep = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds))

/** Starts a process and kills it: mostly while runs are in progress, sometimes during its start. */
async function live(assembly: string, folder: string, random: () => number): Promise<void> {
  const child = spawn(process.execPath, [TARGET, assembly, folder], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let errors = ''
  child.stderr.on('data', (chunk) => {
    errors += String(chunk)
  })
  const early = random() < 0.1
  if (!early) await said(child, random() < 0.2 ? 'up' : 'started')
  await sleep(random() * (early ? 900 : 2_000))
  child.kill('SIGKILL')
  if (child.exitCode === null) await once(child, 'exit')
  if (child.exitCode !== null) throw new Error(`it ended by itself with ${child.exitCode}: ${errors}`)
}

async function said(child: ChildProcess, word: string): Promise<void> {
  let text = ''
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  child.stdout?.on('data', (chunk) => {
    text += String(chunk)
    if (text.includes(word)) resolve()
  })
  child.on('exit', () => reject(new Error(`it ended before it said "${word}"`)))
  await promise
}

describe(`a local cloud that is killed ${KILLS} times (seed ${SEED})`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'killed-'))
  let api: LocalApi
  let runs: StoredRuns
  let taskIds: string[]

  beforeAll(
    async () => {
      const assembly = await replaceAgent(
        'echo',
        join(import.meta.dirname, '../support/agents/kill-agent.ts'),
      )
      const random = seededRandom(SEED)
      for (let life = 0; life < KILLS; life++) await live(assembly, folder, random)
      api = await startApi({ assembly, dataFolder: folder })
      runs = await storedRuns(api.awsUrl)
      taskIds = []
      for (let cursor: string | undefined, isLast = false; !isLast; ) {
        const page = await api.ask('listTasks', { limit: 100, cursor, children: true })
        taskIds.push(...page.tasks.map(({ taskId }) => taskId))
        cursor = page.cursor
        isLast = cursor === undefined
      }
      // A process may have stored a task and been killed before it started the execution.
      await api.reconcile()
    },
    KILLS * PER_KILL_MILLISECONDS + 60_000,
  )
  afterAll(async () => {
    await api?.stop()
    removeAltered()
    rmSync(folder, { recursive: true, force: true })
  })

  it('loses no execution: every task ends, with the same result', async () => {
    expect(taskIds.length).toBeGreaterThan(KILLS * 0.2)
    for (const taskId of taskIds) {
      const task = await api.ended(taskId)
      expect({ taskId, status: task.status, error: task.error }).toEqual({
        taskId,
        status: 'succeeded',
        error: undefined,
      })
      expect((await api.call('GET', `/tasks/${taskId}/result`)).body).toMatchObject({ result: KILL_RESULT })
    }
    console.info(`${KILLS} kills, ${taskIds.length} tasks, all succeeded`)
  }, 120_000)

  it("completes no step twice: every dependant has seen the output that is in the step's record", async () => {
    const log = existsSync(join(folder, 'runs')) ? readFileSync(join(folder, 'runs'), 'utf8') : ''
    let runAgain = 0
    for (const taskId of taskIds) {
      const steps = await runs.ports.steps.listSteps(taskId)
      expect(steps.map(({ path, status }) => `${path} ${status}`)).toEqual(
        STEPS.map((path) => `${path} succeeded`),
      )
      const outputs = new Map<string, { mark: string; seen: string[] }>()
      for (const { path, output } of steps) {
        outputs.set(
          path,
          (output && (await runs.ports.values.loadValue(output))) as { mark: string; seen: string[] },
        )
      }
      for (const [path, { mark, seen }] of outputs) {
        expect(log).toContain(`${taskId} ${path} ${mark}\n`)
        expect(seen).toEqual((NEEDS[path] ?? []).map((need) => outputs.get(need)?.mark))
        runAgain += log.split(`${taskId} ${path} `).length - 2
      }
    }
    console.info(`${runAgain} runs of an agent were cut off before their output was stored, and ran again`)
    if (KILLS >= 100) expect(runAgain).toBeGreaterThan(0)
  }, 120_000)

  it('keeps a history in which every state was left once', async () => {
    const stateMachineArn = await runs.machineOf(killWorkflow(folder))
    const { executions = [] } = await runs.sfn.send(
      new ListExecutionsCommand({ stateMachineArn, maxResults: 1_000 }),
    )
    expect(executions.length).toBe(taskIds.length)
    for (const { executionArn } of executions) {
      const { events = [] } = await runs.sfn.send(
        new GetExecutionHistoryCommand({ executionArn, maxResults: 1_000 }),
      )
      expect(events.map(({ id }) => id)).toEqual(events.map((_, index) => index + 1))
      const left = events.flatMap(({ stateExitedEventDetails }) => stateExitedEventDetails?.name ?? [])
      expect(left.sort()).toEqual(['a', 'a while', 'a | b', 'a | w', 'b', 'c', 'd', 'd: gate', 'e', 'w'])
      const invoked = events.filter(
        ({ taskSucceededEventDetails }) => taskSucceededEventDetails?.resource === 'invoke',
      )
      expect(invoked.length).toBe(STEPS.length)
    }
  }, 120_000)

  it('still has the agents and workflows that were registered', async () => {
    const ids = (await api.ask('listAgents')).agents.map(({ id }) => id)
    expect(ids.sort()).toEqual(namesIn('functions/agents'))
    const names = (await api.ask('listWorkflows')).workflows.map(({ name }) => `${name}.yaml`)
    expect(names.sort()).toEqual(namesIn('workflows'))
  })
})
