import { join } from 'node:path'
import { GetExecutionHistoryCommand } from '@aws-sdk/client-sfn'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { signalGates } from '../../../shared/app/steps/signal-gates.ts'
import {
  alterAssembly,
  functionOf,
  LambdaSchema,
  propertiesOf,
  removeAltered,
  removeGrant,
  replaceAgent,
} from '../../support/cloud/altered-assembly.ts'
import { compiledWorkflow } from '../../support/cloud/compiled-workflow.ts'
import { type LocalApi, startApi } from '../../support/cloud/local-api.ts'
import { startStores } from '../../support/stores/start-stores.ts'
import { type StoredRuns, type StoredWorkflow, storedRuns } from '../../support/stores/stored-runs.ts'

const SLOW_AGENT = join(import.meta.dirname, '../../support/agents/slow-agent.ts')
afterAll(removeAltered)

describe('the signal of a gate', () => {
  let stores: Awaited<ReturnType<typeof startStores>>
  beforeAll(async () => {
    stores = await startStores()
  })
  afterAll(() => stores.stop())

  const gates = [{ before: 'c', after: ['a', 'b'] }]
  const signal = (taskId: string, stepId: string) => signalGates(stores.ports, { taskId, gates }, stepId)

  it('wakes the waiting state when the last step has passed, and again when a step is replayed (gates/G2, gates/G3)', async () => {
    const { recorded, waitAt } = stores
    await waitAt('t1', 'c', 'token', 2)
    await signal('t1', 'a')
    expect(recorded.woken).toEqual([])
    await signal('t1', 'a')
    expect(recorded.woken).toEqual([])
    await signal('t1', 'b')
    expect(recorded.woken).toEqual(['token'])
    await signal('t1', 'a')
    expect(recorded.woken).toEqual(['token', 'token'])
  })

  it('does not signal gates that do not wait for the step', async () => {
    const before = stores.recorded.woken.length
    await signal('t2', 'z')
    expect(stores.recorded.woken.length).toBe(before)
  })

  it('loses no wake-up in any order of two producers and the waiter, one of which crashes before it sends (gates/G3, gates/G4)', async () => {
    let run = 0
    for (const order of permutations(['a', 'b', 'waiter', 'a again'])) {
      for (const cutOff of [undefined, 'a', 'b']) {
        const taskId = `order${run++}`
        const token = `token of ${taskId}`
        let waits = false
        for (const who of order) {
          if (who === 'waiter') waits = await stores.waitAt(taskId, 'c', token, 2)
          else if (who === cutOff) await stores.ports.gates.passGate(taskId, 'c', who)
          else await signal(taskId, who[0] ?? '')
        }
        // A step that was interrupted is invoked again by the engine, and replays its receipt.
        if (cutOff) await signal(taskId, cutOff)
        const woken = stores.recorded.woken.includes(token)
        expect({ order, cutOff, goesOn: woken || !waits }).toEqual({ order, cutOff, goesOn: true })
        // A state that did not wait must not be woken: its write was refused, so its token is not in the table.
        if (!waits) expect(woken).toBe(false)
      }
    }
    expect(run).toBe(72)
  })
})

function permutations<T>(items: readonly T[]): T[][] {
  if (items.length <= 1) return [[...items]]
  return items.flatMap((item, index) =>
    permutations([...items.slice(0, index), ...items.slice(index + 1)]).map((rest) => [item, ...rest]),
  )
}

/** `a -> c`, `b -> d` and, at a gate, `a -> d`; `before` are steps that `a` needs. */
function gated(name: string, a: object, before: Record<string, object> = {}): StoredWorkflow {
  const step = { agent: 'echo', capability: 'echo', input: {} }
  const workflow = compiledWorkflow(name, {
    ...before,
    a: { ...step, ...a },
    b: step,
    c: { ...step, needs: ['a'] },
    d: { ...step, needs: ['a', 'b'], join: 'settled' },
  })
  expect(workflow.gates).toEqual([{ before: 'd', after: ['a'] }])
  return workflow
}

describe('a gate on the local cloud', () => {
  let api: LocalApi
  let runs: StoredRuns
  beforeAll(async () => {
    api = await startApi({ assembly: await replaceAgent('echo', SLOW_AGENT) })
    runs = await storedRuns(api.awsUrl)
  })
  afterAll(() => api.stop())

  const run = async (workflow: StoredWorkflow) => {
    const stored = await runs.store(workflow)
    const { status } = await runs.ended(await runs.start(stored))
    const { taskId } = JSON.parse(stored.input) as { taskId: string }
    const steps = await runs.ports.steps.listSteps(taskId)
    const a = steps.find(({ path }) => path === 'a')
    const d = steps.find(({ path }) => path === 'd')
    return { status, a, d }
  }

  it.each<[string, object, string]>([
    ['succeeds', { input: { seconds: 0.3 } }, 'succeeded'],
    ['is skipped', { when: '{% false %}' }, 'skipped'],
    ['fails and is let go', { input: { fail: 'no luck' }, onFailure: 'continue' }, 'failed'],
    ['degrades', { input: { fail: 'no luck' }, onFailure: { output: 'nothing' } }, 'succeeded'],
  ])('opens when its producer %s', async (name, more, status) => {
    const outcome = await run(gated(`gate-${name.replaceAll(' ', '-')}`, more))
    expect(outcome).toMatchObject({ status: 'SUCCEEDED', a: { status }, d: { status: 'succeeded' } })
    expect(Date.parse(outcome.d?.startedAt ?? '')).toBeGreaterThanOrEqual(
      Date.parse(outcome.a?.endedAt ?? ''),
    )
  })

  it('needs the grants that infra gives: SendTaskSuccess for the agent, the write for the machine', async () => {
    const withoutSignal = alterAssembly(({ Resources }) => {
      const { Role } = propertiesOf(Resources, functionOf(Resources, 'orchestrator-agent-echo'), LambdaSchema)
      removeGrant(Resources, (id) => id === Role['Fn::GetAtt'][0], 'states:SendTaskSuccess')
    })
    const deaf = await startApi({ assembly: withoutSignal })
    onTestFinished(() => deaf.stop())
    const deafRuns = await storedRuns(deaf.awsUrl)
    const stored = await deafRuns.store(gated('deaf', { needs: ['y'], input: {} }, LATE))
    const executionArn = await deafRuns.start(stored)
    // The rebinder, which is permitted to signal, finds the step done and signals in place of the agent.
    expect((await deafRuns.ended(executionArn)).status).toBe('SUCCEEDED')
    expect(await causesIn(deafRuns, executionArn)).toContain(
      'is not authorized to perform: states:SendTaskSuccess on resource: arn:aws:states:',
    )

    const withoutWrite = alterAssembly(({ Resources }) => {
      removeGrant(Resources, (id) => id.includes('ExecutionRole'), 'dynamodb:UpdateItem')
    })
    const mute = await startApi({ assembly: withoutWrite })
    onTestFinished(() => mute.stop())
    const muteRuns = await storedRuns(mute.awsUrl)
    // The gate's state retries for a while, because the failure may be transient.
    const muted = await muteRuns.start(await muteRuns.store(gated('mute', { needs: ['y'], input: {} }, LATE)))
    await expect
      .poll(() => causesIn(muteRuns, muted), { timeout: 10_000 })
      .toContain('is not authorized to perform: dynamodb:UpdateItem on resource: arn:aws:dynamodb:')
  })
})

/** Why tasks of an execution have failed so far. */
async function causesIn({ sfn }: StoredRuns, executionArn: string): Promise<string> {
  const { events = [] } = await sfn.send(new GetExecutionHistoryCommand({ executionArn, maxResults: 1_000 }))
  return events.map(({ taskFailedEventDetails }) => taskFailedEventDetails?.cause ?? '').join('\n')
}

/** Two steps before `a`, so that the gate is reached long before `a` ends. */
const LATE = {
  x: { agent: 'echo', capability: 'echo', input: {} },
  y: { agent: 'echo', capability: 'echo', input: {}, needs: ['x'] },
}
