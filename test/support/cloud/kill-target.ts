import { flushCompileCache } from 'node:module'
import { ListExecutionsCommand } from '@aws-sdk/client-sfn'
import { startLocalCloud } from '../../../local/local-cloud.ts'
import { type StoredWorkflow, storedRuns } from '../stores/stored-runs.ts'
import { compiledWorkflow } from './compiled-workflow.ts'

/** A workflow with everything that a crash may interrupt: branches, a gate, a wait, a retry. `e` depends on all other steps. */
export function killWorkflow(log: string): StoredWorkflow {
  const step = (needs: string[], milliseconds: number, more: object = {}): object => ({
    agent: 'echo',
    capability: 'echo',
    input: {
      milliseconds,
      log,
      value: sumOf(needs),
      seen: needs.map((id) => `{% $steps.${id}.mark %}`),
      ...more,
    },
    timeoutSeconds: 800,
    retry: { intervalSeconds: 1, backoffRate: 1, maxAttempts: 3 },
    ...(needs.length > 0 ? { needs } : {}),
  })
  const workflow = compiledWorkflow(
    'killed',
    {
      a: step([], 60),
      b: step([], 90),
      c: step(['a'], 30, { failures: 1 }),
      d: step(['a', 'b'], 40),
      w: step([], 10),
      e: step(['c', 'd', 'w'], 20),
    },
    { value: '{% $steps.e.value %}' },
  )
  return { ...workflow, definition: waitBefore('w', workflow.definition as Flow) }
}

type Flow = { StartAt: string; States: Record<string, { Branches?: Flow[]; Next?: string }> }

/** One branch waits a second before it begins. */
function waitBefore(name: string, flow: Flow): Flow {
  const States = Object.fromEntries(
    Object.entries(flow.States).map(([id, { Branches, ...state }]) => [
      id,
      { ...state, ...(Branches ? { Branches: Branches.map((branch) => waitBefore(name, branch)) } : {}) },
    ]),
  )
  if (flow.StartAt !== name) return { ...flow, States }
  const wait = { Type: 'Wait', Seconds: 1, Next: name }
  return { ...flow, StartAt: 'a while', States: { 'a while': wait, ...States } }
}

/** The result of `e`: a, b and w are 1; c = a + 1, d = a + b + 1, e = c + d + w + 1. */
export const KILL_RESULT = { value: 7 }

function sumOf(needs: readonly string[]): unknown {
  return needs.length === 0 ? 0 : `{% ${needs.map((id) => `$steps.${id}.value`).join(' + ')} %}`
}

const MOST_RUNNING = 8

/** One process: starts the cloud and one more run (unless many are in progress), reports that, and continues until it is killed. */
const [assembly, dataFolder] = process.argv.slice(2)
if (process.argv[1] === import.meta.filename && assembly && dataFolder) {
  const cloud = await startLocalCloud({ assembly, dataFolder })
  console.log('up')
  // The process never ends by itself, so the cache must be flushed.
  flushCompileCache()
  const runs = await storedRuns(cloud.awsUrl)
  const workflow = killWorkflow(dataFolder)
  const list = new ListExecutionsCommand({
    stateMachineArn: await runs.machineOf(workflow),
    statusFilter: 'RUNNING',
  })
  // Processes live shortly: with too many runs in progress, steps would time out.
  const running = (await runs.sfn.send(list)).executions ?? []
  if (running.length < MOST_RUNNING) await runs.start(await runs.store(workflow))
  console.log('started')
}
