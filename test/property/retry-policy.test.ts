import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compileWorkflow } from '../../shared/compiler/index.ts'
import { RETRIED_KINDS, RetrySchema } from '../../shared/workflow/retry-policy.ts'
import { type Workflow, WorkflowSchema } from '../../shared/workflow/schema.ts'
import { type Behaviour, CAPABILITY, makeWorld, runInWorld } from '../support/cloud/workflow-world.ts'

/** For each way to fail, the words of `retry.on` after which the same agent is called again. */
const WAYS = {
  AgentRetryableError: ['error', 'transient'],
  'Lambda.Unknown': ['error', 'transient'],
  AgentFailedError: ['error'],
  NotFoundError: ['error'],
  StepTimedOutError: ['timeout'],
  AgentFinalError: [],
  AgentOutputError: [],
  ConfigError: [],
  InvalidInputError: [],
} as const satisfies Record<string, readonly (typeof RETRIED_KINDS)[number][]>
type Way = keyof typeof WAYS

const always = (
  error: string,
  { retryAfterSeconds, loses = () => false }: { retryAfterSeconds?: number; loses?: Behaviour['loses'] } = {},
): Behaviour => ({
  agents: ['only'],
  runOf: () => ({ milliseconds: 10, error, ...(retryAfterSeconds ? { retryAfterSeconds } : {}) }),
  approvalOf: () => undefined,
  loses,
})

const workflowOf = (retry: object | undefined): Workflow =>
  WorkflowSchema.parse({ name: 'w', steps: { a: { capability: CAPABILITY, ...(retry ? { retry } : {}) } } })

const policies = fc.option(
  fc.record({
    maxAttempts: fc.integer({ min: 1, max: 6 }),
    on: fc.uniqueArray(fc.constantFrom(...RETRIED_KINDS), { minLength: 1 }),
  }),
  { nil: undefined },
)

describe('an agent that always fails in one way', () => {
  it('is called as often as the policy says, also when answers are lost, and never more (retry-policy/Y1, retry-policy/Y2)', async () => {
    await fc.assert(
      fc.asyncProperty(
        policies,
        fc.constantFrom(...(Object.keys(WAYS) as Way[])),
        fc.option(fc.integer({ min: 1, max: 900 }), { nil: undefined }),
        fc.infiniteStream(fc.boolean()),
        async (policy, way, retryAfterSeconds, luck) => {
          const kinds: readonly string[] = policy?.on ?? ['transient']
          const isRetried = WAYS[way].some((kind) => kinds.includes(kind))
          const more = retryAfterSeconds === undefined ? {} : { retryAfterSeconds }
          const loses = (): boolean => luck.next().value === true
          const { steps } = await runInWorld(workflowOf(policy), null, always(way, { ...more, loses }))
          expect(steps.get('a')?.attempts.map(({ error }) => error.name)).toEqual(
            Array.from({ length: isRetried ? (policy?.maxAttempts ?? 3) : 1 }, () => way),
          )
        },
      ),
      { numRuns: 60, seed: 20_261_128 },
    )
  })

  it.each([
    { on: ['timeout'], calls: 3 },
    { on: ['error', 'timeout'], calls: 3 },
    { on: ['error'], calls: 1 },
    { on: ['transient'], calls: 1 },
  ])(
    'is called $calls times when it is killed at its timeout and the policy retries $on',
    async ({ on, calls }) => {
      const { steps } = await runInWorld(workflowOf({ on }), null, always('Sandbox.Timedout'))
      expect(steps.get('a')?.attempts).toHaveLength(calls)
    },
  )

  it('is called again not before the time that it names, and not when the task ends first (rebind/B11)', async () => {
    const times: number[] = []
    const behaviour = always('AgentRetryableError', { retryAfterSeconds: 500 })
    const world = makeWorld({
      ...behaviour,
      runOf: (run) => {
        times.push(world.clock.now())
        return behaviour.runOf(run)
      },
    })
    await world.run(workflowOf({ maxAttempts: 3, intervalSeconds: 1 }), null)
    const waits = times.slice(1).map((time, at) => (time - (times[at] ?? 0)) / 1_000)
    expect(waits).toHaveLength(2)
    for (const wait of waits) {
      expect(wait).toBeGreaterThanOrEqual(500)
      expect(wait).toBeLessThan(503)
    }
  })
})

describe('an agent whose retry-after time is too late', () => {
  const ask = (retryAfterSeconds: number) =>
    runInWorld(workflowOf({ maxAttempts: 3 }), null, {
      agents: ['first', 'second'],
      runOf: ({ agentId }) =>
        agentId === 'first'
          ? { milliseconds: 10, error: 'AgentRetryableError', retryAfterSeconds }
          : { milliseconds: 10, error: 'AgentFinalError' },
      approvalOf: () => undefined,
      loses: () => false,
    })

  it.each([
    { late: 'more than a day', seconds: 86_401 },
    { late: 'never', seconds: Number.POSITIVE_INFINITY },
  ])('is not called again when the next agent fails: $late (rebind/B2)', async ({ seconds }) => {
    const { steps } = await ask(seconds)
    expect(steps.get('a')?.attempts.map(({ agentId }) => agentId)).toEqual(['first', 'second'])
  })
})

describe('a task that an earlier release has planned', () => {
  const { on: _, ...standard } = RetrySchema.parse({})
  const oldPlan = (retry: object): Workflow => {
    const workflow = workflowOf(undefined)
    return { ...workflow, steps: { a: { ...workflow.steps.a, retry } as Workflow['steps'][string] } }
  }

  it.each([
    { retry: standard, way: 'AgentRetryableError', calls: 3 },
    { retry: standard, way: 'Lambda.Unknown', calls: 3 },
    { retry: standard, way: 'AgentFailedError', calls: 1 },
    { retry: standard, way: 'StepTimedOutError', calls: 1 },
    { retry: { ...standard, maxAttempts: 5 }, way: 'AgentFailedError', calls: 5 },
  ])('calls an agent $calls times that throws $way, with $retry', async ({ retry, way, calls }) => {
    const world = makeWorld(always(way))
    world.register(oldPlan(retry))
    const { steps } = await world.run('w', null)
    expect(steps.get('a')?.attempts).toHaveLength(calls)
  })

  it('has the same machine as before', () => {
    const machines = [undefined, {}, { on: ['error'] }, { on: ['transient'] }].map(workflowOf)
    const definitions = [oldPlan(standard), ...machines].map(
      (workflow) => compileWorkflow(workflow).definition,
    )
    for (const definition of definitions) expect(definition).toEqual(definitions[0])
    expect(JSON.stringify(definitions[0])).toContain(
      '"ErrorEquals":["AgentRetryableError","UnavailableError","Lambda.Unknown","Runtime.ExitError","Runtime.OutOfMemory"],"IntervalSeconds":2,"MaxAttempts":2',
    )
  })
})
