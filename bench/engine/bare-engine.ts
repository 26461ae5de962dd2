import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { realClock } from '../../local/stepfunctions/run/clock.ts'
import { StepFunctionsService } from '../../local/stepfunctions/service.ts'
import { memoryStore } from '../../local/stepfunctions/store/memory-store.ts'
import { sqliteStore } from '../../local/stepfunctions/store/sqlite-store.ts'
import type { StoredWorkflow } from '../../test/support/stores/stored-runs.ts'
import { type Figure, measure, summarize } from './figures.ts'
import { chain, diamond, fanOut } from './workflows.ts'

const MACHINE = 'arn:aws:states:us-east-1:000000000000:stateMachine:'
const PASSES = 2_000
const TASKS = 1_000
const WAITING = 1_000

/** The engine alone, with tasks answered in the process: in memory, or with its journal in SQLite. */
export async function benchBareEngine(durable: boolean): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-engine-'))
  const tokens: string[] = []
  const service = new StepFunctionsService({
    clock: realClock,
    store: durable ? sqliteStore(join(folder, 'executions.sqlite')) : memoryStore(),
    integrations: {
      'lambda:invoke': async ({ arguments: given }) => {
        const { token } = (given.Payload ?? {}) as { token?: string }
        if (token) tokens.push(token)
        return { Payload: {} }
      },
    },
  })
  let count = 0
  /** Starts an execution and waits for its end; returns its duration in milliseconds. */
  const run = async (
    { name, definition }: Pick<StoredWorkflow, 'name' | 'definition'>,
    functions = {},
  ): Promise<number> => {
    const stateMachineArn = put(service, name, definition)
    const started = performance.now()
    const input = JSON.stringify({ taskId: 't', functions })
    const { executionArn } = service.startExecution({ stateMachineArn, name: `r${count++}`, input })
    const { status, cause } = await service.untilEnded(executionArn)
    if (status !== 'SUCCEEDED') throw new Error(`${name}: ${status} ${cause}`)
    return performance.now() - started
  }
  const stack = { stack: 'engine', durable } as const
  const flow = (name: string, states: number, state: object) => ({
    name,
    definition: sequence(states, state),
  })
  const passes = flow('passes', PASSES, { Type: 'Pass' })
  const tasks = flow('tasks', TASKS, TASK)
  const hundred = { ...chain(100), name: 'chain' }
  const five = diamond()
  const wide = { ...fanOut(100), name: 'fan' }
  const figures = [
    await measure(
      { ...stack, name: 'Pass transitions', unit: '/s' },
      {},
      async () => PASSES / ((await run(passes)) / 1_000),
    ),
    await measure(
      { ...stack, name: 'no-op Task transitions', unit: '/s' },
      {},
      async () => TASKS / ((await run(tasks)) / 1_000),
    ),
    await measure(
      { ...stack, name: 'chain of 100 no-op steps, per step', unit: 'ms' },
      {},
      async () => (await run(hundred, FUNCTIONS)) / 100,
    ),
    await measure(
      { ...stack, name: 'fan-out 100 and join, per step', unit: 'ms' },
      {},
      async () => (await run(wide, FUNCTIONS)) / 101,
    ),
    await measure({ ...stack, name: '200 diamonds, 50 in flight', unit: 'runs/s' }, {}, async () => {
      const started = performance.now()
      await inFlight(50, 200, () => run(five, FUNCTIONS))
      return 200 / ((performance.now() - started) / 1_000)
    }),
    ...(await benchWaiting(service, stack, tokens)),
  ]
  service.stop()
  rmSync(folder, { recursive: true })
  return figures
}

const TASK = {
  Type: 'Task',
  Resource: 'arn:aws:states:::lambda:invoke',
  Arguments: { FunctionName: 'f', Payload: {} },
  Output: {},
}
const FUNCTIONS = Object.fromEntries(
  [...Array.from({ length: 100 }, (_, n) => `s${n}`), 'join', 'a', 'b', 'c', 'd', 'e'].map((id) => [id, 'f']),
)

function sequence(length: number, state: object): object {
  const states = Array.from({ length }, (_, n) => [
    `s${n}`,
    { ...state, ...(n === length - 1 ? { End: true } : { Next: `s${n + 1}` }) },
  ])
  return { QueryLanguage: 'JSONata', StartAt: 's0', States: Object.fromEntries(states) }
}

function put(service: StepFunctionsService, name: string, definition: object): string {
  const stateMachineArn = `${MACHINE}${name}`
  const text = JSON.stringify(definition).replaceAll('${RebindFunction}', 'rebind')
  service.putStateMachine({
    stateMachineArn,
    name,
    definition: text,
    roleArn: 'arn:aws:iam::000000000000:role/r',
  })
  return stateMachineArn
}

/** Runs a function `total` times, `width` at once. */
async function inFlight(width: number, total: number, once: (n: number) => Promise<unknown>): Promise<void> {
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < total) await once(next++)
  }
  await Promise.all(Array.from({ length: width }, worker))
}

/** A thousand executions that each wait for a task token: their memory, and the latency of waking one. */
async function benchWaiting(
  service: StepFunctionsService,
  stack: Pick<Figure, 'stack' | 'durable'>,
  tokens: string[],
): Promise<Figure[]> {
  const stateMachineArn = put(service, 'waiting', {
    QueryLanguage: 'JSONata',
    StartAt: 'wait',
    States: {
      wait: {
        ...TASK,
        Resource: 'arn:aws:states:::lambda:invoke.waitForTaskToken',
        Arguments: { FunctionName: 'f', Payload: { token: '{% $states.context.Task.Token %}' } },
        TimeoutSeconds: 86_400,
        End: true,
      },
    },
  })
  const weights: number[] = []
  const wakes: number[] = []
  for (let round = 0; round < 5; round++) {
    const before = await heapBytes()
    const arns = Array.from({ length: WAITING }, (_, n) => {
      const name = `w${round}-${n}`
      return service.startExecution({ stateMachineArn, name, input: '{"taskId":"t"}' }).executionArn
    })
    while (tokens.length < WAITING) await new Promise((resolve) => setImmediate(resolve))
    weights.push(((await heapBytes()) - before) / WAITING / 1024)
    for (const token of tokens.splice(0)) {
      const sent = performance.now()
      service.tokens.get(token).settle({ output: {} })
      await new Promise((resolve) => setImmediate(resolve))
      wakes.push(performance.now() - sent)
    }
    for (const arn of arns) await service.untilEnded(arn)
  }
  const named = (name: string, unit: string, values: number[]): Figure => {
    const figure = summarize({ ...stack, name, unit }, values)
    console.error(
      `${name.padEnd(44)} ${figure.median.toPrecision(3)} ${unit} (${stack.durable ? 'durable' : 'not durable'})`,
    )
    return figure
  }
  return [
    named('heap of an execution waiting on a token', 'KB', weights),
    named('wake-up by a token, of 1,000 waiting', 'ms', wakes),
  ]
}

async function heapBytes(): Promise<number> {
  if (!globalThis.gc) throw new Error('the bench needs node --expose-gc')
  await new Promise((resolve) => setImmediate(resolve))
  globalThis.gc()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
