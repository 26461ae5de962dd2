import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ListExecutionsCommand } from '@aws-sdk/client-sfn'
import { startLocalCloud } from '../../local/local-cloud.ts'
import { removeAltered, replaceAgent } from '../../test/support/cloud/altered-assembly.ts'
import { type StoredRuns, type StoredWorkflow, storedRuns } from '../../test/support/stores/stored-runs.ts'
import { type Figure, measure } from './figures.ts'
import { chain, diamond, fanOut, unbalanced } from './workflows.ts'

const CRITICAL_PATH_MILLISECONDS = 450
const STACK = { stack: 'local cloud', durable: true } as const

/**
 * The full stack of `npm start`, with tables and journal on disk: SDK, endpoint, DynamoDB, Lambda workers, agents under
 * the full host, events on the bus. Runs are started by StartExecution on stored plans.
 */
export async function benchLocalCloud(): Promise<Figure[]> {
  const assembly = await replaceAgent('echo', join(import.meta.dirname, 'sleep-agent.ts'))
  const dataFolder = mkdtempSync(join(tmpdir(), 'bench-cloud-'))
  const cloud = await startLocalCloud({ assembly, dataFolder })
  try {
    const runs = await storedRuns(cloud.awsUrl)
    const makespan = makespanOf(runs)
    const prepared = { hundred: chain(100), wide: fanOut(100), diamond: diamond(), unbalanced: unbalanced() }
    // Wide workflows first, so that narrow ones are measured on warm code.
    return [
      await measure(
        { ...STACK, name: 'fan-out 100 and join, per step', unit: 'ms' },
        { warmUp: 5 },
        async () => {
          return (await makespan(prepared.wide)) / 101
        },
      ),
      await measure({ ...STACK, name: '200 diamonds, 50 in flight', unit: 'runs/s' }, {}, () =>
        diamondsPerSecond(runs, prepared.diamond),
      ),
      await measure(
        { ...STACK, name: 'chain of 100 no-op steps, per step', unit: 'ms' },
        { warmUp: 5, runs: 9 },
        async () => (await makespan(prepared.hundred)) / 100,
      ),
      await measure(
        { ...STACK, name: 'unbalanced graph, makespan / critical path', unit: '' },
        { runs: 9 },
        async () => (await makespan(prepared.unbalanced)) / CRITICAL_PATH_MILLISECONDS,
      ),
    ]
  } finally {
    await cloud.stop()
    removeAltered()
    rmSync(dataFolder, { recursive: true })
  }
}

/** Milliseconds from the execution's start to its end, by the engine's own clock. */
function makespanOf(runs: StoredRuns) {
  return async (workflow: StoredWorkflow): Promise<number> => {
    const stored = await runs.store(workflow)
    const { status, startDate, stopDate, cause } = await runs.ended(await runs.start(stored))
    if (status !== 'SUCCEEDED') throw new Error(`${workflow.name}: ${status} ${cause}`)
    return Number(stopDate) - Number(startDate)
  }
}

/** Polls all runs with one request every 20 ms: a poll for each would be most of the work. */
async function diamondsPerSecond(runs: StoredRuns, workflow: StoredWorkflow): Promise<number> {
  const waiting = await Promise.all(Array.from({ length: 200 }, () => runs.store(workflow)))
  const stateMachineArn = await runs.machineOf(workflow)
  const started = performance.now()
  let arns: string[] = []
  for (let running = 0; running > 0 || waiting.length > 0; ) {
    arns = [...arns, ...(await Promise.all(waiting.splice(0, 50 - running).map((run) => runs.start(run))))]
    await new Promise((resolve) => setTimeout(resolve, 20))
    const list = new ListExecutionsCommand({ stateMachineArn, statusFilter: 'RUNNING', maxResults: 100 })
    running = (await runs.sfn.send(list)).executions?.length ?? 0
  }
  const elapsed = performance.now() - started
  for (const arn of arns) {
    const { status, cause } = await runs.ended(arn)
    if (status !== 'SUCCEEDED') throw new Error(`${status} ${cause}`)
  }
  return 200 / (elapsed / 1_000)
}
