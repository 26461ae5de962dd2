import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { defineAgent } from '../../../shared/agent/index.ts'
import { testWorkflow, type WorkflowTest } from '../../../testing/index.ts'

const echo = { 'work.do': (input: unknown) => input as never }
const one = (step: object) => ({ name: 'one', steps: { a: { capability: 'work.do', ...step } } })

it('runs a workflow in virtual time, and reports each step', async () => {
  const run = await testWorkflow(
    `
name: pair
steps:
  read: { capability: text.read, input: { at: "{% $input.at %}" } }
  left: { capability: work.do, input: "{% $steps.read %}" }
  right: { capability: work.do, input: "{% $steps.read %}" }
  both: { capability: work.do, input: ["{% $steps.left %}", "{% $steps.right %}"] }
`,
    {
      input: { at: 'x' },
      agents: {
        'text.read': { output: 'text', seconds: 5, costUsd: 0.02, tokens: 7 },
        'work.do': {
          output: (input) => ({ got: input }),
          seconds: 10,
          steps: { right: { seconds: 20, output: 1 } },
        },
      },
    },
  )
  const { history, events, steps, ...rest } = run
  expect(rest).toEqual({
    status: 'succeeded',
    result: { both: { got: [{ got: 'text' }, 1] } },
    state: {},
    order: ['read', 'left', 'right', 'both'],
    seconds: 35,
    costUsd: 0.02,
    tokens: 7,
    taskId: expect.stringMatching(/^t_/),
    modelCalls: [],
    calls: [
      {
        agentId: 'text-read',
        capability: 'text.read',
        path: 'read',
        attempt: 1,
        input: { at: 'x' },
        atSeconds: 0,
      },
      { agentId: 'work-do', capability: 'work.do', path: 'left', attempt: 1, input: 'text', atSeconds: 5 },
      { agentId: 'work-do', capability: 'work.do', path: 'right', attempt: 1, input: 'text', atSeconds: 5 },
      {
        agentId: 'work-do',
        capability: 'work.do',
        path: 'both',
        attempt: 1,
        input: [{ got: 'text' }, 1],
        atSeconds: 25,
      },
    ],
  })
  expect(steps.read).toEqual({
    status: 'succeeded',
    output: 'text',
    attempts: [],
    agentId: 'text-read',
    startedAt: '2026-01-01T00:00:00.000Z',
    endedAt: '2026-01-01T00:00:05.000Z',
    costUsd: 0.02,
  })
  expect([history[0]?.type, history.at(-1)?.type]).toEqual(['ExecutionStarted', 'ExecutionSucceeded'])
  expect([events[0]?.type, events.at(-1)?.type]).toEqual(['task.submitted', 'task.succeeded'])
})

it('gives the same run again, to the last event (virtual/T3)', async () => {
  const test: WorkflowTest = {
    agents: { 'work.do': { fails: 'AgentRetryableError', times: 2, seconds: 1, output: 1 } },
  }
  const workflow = { name: 'twice', steps: { a: { capability: 'work.do' }, b: { capability: 'work.do' } } }
  const first = await testWorkflow(workflow, test)
  expect(await testWorkflow(workflow, test)).toEqual(first)
  expect((await testWorkflow(workflow, { ...test, seed: 'other' })).taskId).not.toBe(first.taskId)
})

describe('a scripted agent', () => {
  it.each([
    { what: 'answers null where nothing is said', script: {}, output: null, failed: [] },
    {
      what: 'fails so many times, and then answers',
      script: { fails: 'AgentRetryableError', times: 2, output: 'at last' },
      output: 'at last',
      failed: ['AgentRetryableError', 'AgentRetryableError'],
    },
    {
      what: 'does one thing after another, call by call',
      script: { attempts: [{ fails: 'AgentRetryableError' }, { output: 'second' }] },
      output: 'second',
      failed: ['AgentRetryableError'],
    },
    {
      what: 'knows which call it answers',
      script: { output: (_input: unknown, { path, nth }: { path: string; nth: number }) => `${path} ${nth}` },
      output: 'a 1',
      failed: [],
    },
  ])('$what', async ({ script, output, failed }) => {
    const { steps } = await testWorkflow(one({}), { agents: { 'work.do': script } })
    expect(steps.a?.output).toEqual(output)
    expect(steps.a?.attempts.map(({ error }) => error.name)).toEqual(failed)
  })

  it('that fails for good gives way to the next', async () => {
    const { result, steps } = await testWorkflow(one({}), {
      agents: {
        cheap: { capabilities: ['work.do'], fails: 'TypeError' },
        dear: { capabilities: ['work.do'], output: 'done', price: { perCallUsd: 1 } },
      },
      prefer: { quality: 0, cost: 1, latency: 0 },
    })
    expect(result).toEqual({ a: 'done' })
    expect(steps.a).toMatchObject({ agentId: 'dear', costUsd: 1 })
    expect(steps.a?.attempts).toMatchObject([{ agentId: 'cheap', error: { name: 'AgentFailedError' } }])
  })

  it('that takes longer than its step may is cut off', async () => {
    const run = await testWorkflow(one({ timeoutSeconds: 5, retry: { maxAttempts: 1 } }), {
      agents: { 'work.do': { seconds: 60 } },
    })
    expect(run).toMatchObject({ status: 'failed', error: { name: 'StepTimedOutError', stepId: 'a' } })
    expect(run.seconds).toBeLessThan(20)
  })

  it('that is real and never ends is cut off as well, after as much real time', async () => {
    const stuck = defineAgent({
      id: 'stuck',
      version: '1.0.0',
      description: 'Never ends.',
      capabilities: { 'work.do': { description: 'Works.', input: z.unknown(), output: z.string() } },
      execute: () => new Promise<string>(() => {}),
    })
    const run = await testWorkflow(one({ timeoutSeconds: 1, retry: { maxAttempts: 1 } }), { agents: [stuck] })
    expect(run).toMatchObject({ status: 'failed', error: { name: 'StepTimedOutError', stepId: 'a' } })
  })

  it.each([
    {
      what: 'that takes longer than its function may is cut off, as in the cloud',
      limits: { timeoutSeconds: 10 },
      ended: { status: 'failed', error: { name: 'StepTimedOutError', stepId: 'a' }, seconds: 13.5 },
    },
    {
      what: 'has as long as its step where it names no limit',
      limits: {},
      ended: { status: 'succeeded', result: { a: 1 }, seconds: 790 },
    },
  ])('$what', async ({ limits, ended }) => {
    const run = await testWorkflow(one({ timeoutSeconds: 800, retry: { maxAttempts: 1 } }), {
      agents: { 'work.do': { output: 1, seconds: 790, limits } },
    })
    expect(run).toMatchObject(ended)
  })
})

it('runs agents as they are defined, beside scripted ones, and takes no virtual time for them (virtual/T4)', async () => {
  const slow = defineAgent({
    id: 'slow',
    version: '1.0.0',
    description: 'for tests',
    capabilities: { 'real.work': { description: '', input: z.number(), output: z.number() } },
    async execute({ input }) {
      await new Promise((resolve) => setTimeout(resolve, 30))
      return input + 1
    },
  })
  const workflow = {
    name: 'mixed',
    steps: {
      real: { capability: 'real.work', input: 1, timeoutSeconds: 1 },
      scripted: { capability: 'work.do', input: 2 },
    },
  }
  const agents = { slow, 'work.do': { output: 3, seconds: 100 } }
  expect(await testWorkflow(workflow, { agents })).toMatchObject({
    result: { real: 2, scripted: 3 },
    seconds: 100,
  })
})

it('records the inputs of agents as JSON, before their schemas parse them', async () => {
  const matching = defineAgent({
    id: 'matching',
    version: '1.0.0',
    description: 'for tests',
    capabilities: {
      'text.match': {
        description: '',
        input: z.object({
          pattern: z.string().transform((text) => (value: string) => new RegExp(text).test(value)),
          value: z.string().default('abc'),
        }),
        output: z.boolean(),
      },
    },
    execute: async ({ input: { pattern, value } }) => pattern(value),
  })
  const workflow = { name: 'one', steps: { a: { capability: 'text.match', input: { pattern: '^a' } } } }
  const { status, result, calls } = await testWorkflow(workflow, { agents: [matching] })
  expect([status, result]).toEqual(['succeeded', { a: true }])
  expect(calls).toEqual([
    {
      agentId: 'matching',
      capability: 'text.match',
      path: 'a',
      attempt: 1,
      input: { pattern: '^a' },
      atSeconds: 0,
    },
  ])
})

describe('a person', () => {
  const approval = { approval: { prompt: 'Go?', timeoutSeconds: 3600, approvers: ['ada'] } }
  const workflow = {
    name: 'ask',
    steps: { go: approval, then: { capability: 'work.do', when: "{% $steps.go.decision = 'approve' %}" } },
    output: '{% $steps.go %}',
  }
  it.each([
    { approvals: { go: {} }, seconds: 0, ran: ['go', 'then'], result: { decision: 'approve', by: 'ada' } },
    {
      approvals: { go: { approved: false, afterSeconds: 60 } },
      seconds: 60,
      ran: ['go'],
      result: { decision: 'reject', by: 'ada' },
    },
  ])('answers as scripted: $approvals', async ({ approvals, seconds, ran, result }) => {
    const run = await testWorkflow(workflow, { agents: echo, approvals })
    expect(run).toMatchObject({ status: 'succeeded', seconds, result, order: ran })
  })

  it('who does not answer lets it time out', async () => {
    const run = await testWorkflow(workflow, { agents: echo })
    expect(run).toMatchObject({ status: 'failed', error: { name: 'ApprovalTimedOutError' }, seconds: 3600 })
  })

  it('whose answer is none of the choices fails the test', async () => {
    const test = { agents: echo, approvals: { go: { decision: 'maybe' } } }
    await expect(testWorkflow(workflow, test)).rejects.toThrow(/"maybe" is no choice of step "go"/)
  })
})

describe('the language', () => {
  it.each([
    {
      what: 'a wait of a year',
      workflow: { name: 'w', steps: { rest: { wait: { seconds: 31_000_000 } } } },
      run: { status: 'succeeded', seconds: 31_000_000 },
    },
    {
      what: 'a loop',
      workflow: {
        name: 'w',
        steps: {
          improve: {
            repeat: {
              steps: { draft: { capability: 'work.do', input: '{% $iteration %}' } },
              until: '{% $steps.draft = 3 %}',
              maxIterations: 5,
            },
          },
        },
      },
      run: {
        result: { improve: { draft: 3 } },
        order: ['improve', 'improve[1].draft', 'improve[2].draft', 'improve[3].draft'],
      },
    },
    {
      what: 'a fan-out with failures that are tolerated',
      workflow: {
        name: 'w',
        steps: {
          each: {
            capability: 'odd.only',
            forEach: '{% [1..4] %}',
            tolerate: '50%',
            retry: { maxAttempts: 1 },
          },
        },
      },
      run: { status: 'succeeded', result: { each: [1, null, 3, null] } },
    },
    {
      what: 'a failure that another step handles',
      workflow: {
        name: 'w',
        steps: {
          a: { capability: 'odd.only', input: 2, onFailure: { step: 'why' } },
          why: { capability: 'work.do', input: '{% $error.name %}' },
        },
        output: '{% $steps.why %}',
      },
      run: { status: 'succeeded', result: 'AgentFailedError', order: ['a', 'why'] },
    },
    {
      what: 'an event of its own',
      workflow: { name: 'w', steps: { tell: { emit: { type: 'my.event', data: 5 } } } },
      run: { events: expect.arrayContaining([expect.objectContaining({ type: 'custom' })]) },
    },
    {
      what: 'an output that is used again',
      workflow: {
        name: 'w',
        steps: {
          a: { capability: 'work.do', input: 1, cache: { ttlSeconds: 60 } },
          b: { capability: 'work.do', input: 1, cache: { ttlSeconds: 60 }, needs: ['a'] },
        },
      },
      run: { calls: [expect.objectContaining({ path: 'a' })], steps: { b: { reused: true, output: 1 } } },
    },
    {
      what: 'a budget that is too small',
      workflow: {
        name: 'w',
        steps: { a: { capability: 'dear.do' }, b: { capability: 'dear.do', needs: ['a'] } },
      },
      test: { budgetUsd: 1.5 },
      run: { status: 'failed', error: { name: 'BudgetExceededError', stepId: 'b' }, costUsd: 1 },
    },
    {
      what: 'a deadline',
      workflow: { name: 'w', steps: { rest: { wait: { seconds: 3_600 } } } },
      test: { deadlineSeconds: 90 },
      run: { status: 'timed_out', error: { name: 'DeadlineExceededError' }, seconds: 120 },
    },
    {
      what: 'a task that is cancelled',
      workflow: { name: 'w', steps: { rest: { wait: { seconds: 3_600 } } } },
      test: { cancel: { afterSeconds: 10, reason: 'enough' } },
      run: { status: 'cancelled', reason: 'enough', seconds: 10 },
    },
  ])('has $what', async ({ workflow, test = {}, run }) => {
    const agents = {
      ...echo,
      'odd.only': (input: unknown) => {
        if (Number(input) % 2 === 0) throw new Error('even')
        return input as number
      },
      'dear.do': { price: { perCallUsd: 1 }, output: 1 },
    }
    expect(await testWorkflow(workflow, { agents, ...test })).toMatchObject(run)
  })

  it('has children, whose steps are told with the step that calls them', async () => {
    const child = {
      name: 'child',
      steps: { inner: { capability: 'work.do', input: { v: '{% $input.v %}' } } },
    }
    const middle = { name: 'middle', steps: { call: { workflow: 'child', input: { v: 7 } } } }
    const main = { name: 'main', steps: { outer: { workflow: 'middle', input: {} } } }
    const run = await testWorkflow(main, { agents: echo, workflows: [middle, child] })
    expect(run.result).toEqual({ outer: { call: { inner: { v: 7 } } } })
    expect(run.steps.outer?.steps?.call?.steps?.inner).toMatchObject({
      status: 'succeeded',
      output: { v: 7 },
    })
  })
})

describe('the result of a task that has not succeeded', () => {
  it.each([
    {
      what: 'a failed task, with its step and agent',
      test: { agents: { 'work.do': { fails: 'AgentFailedError' } } },
      error: { name: 'AgentFailedError', message: expect.stringMatching(/step "a" \(agent "work-do"\): \S/) },
    },
    {
      what: 'a cancelled task, with the reason',
      test: {
        agents: { 'work.do': { output: 1, seconds: 9 } },
        cancel: { afterSeconds: 1, reason: 'enough' },
      },
      error: { message: 'the task is cancelled: enough' },
    },
  ])('throws where it is read: $what', async ({ test, error }) => {
    const run = await testWorkflow(one({}), test)
    expect(() => run.result).toThrow(expect.objectContaining(error))
    expect({ ...run }).not.toHaveProperty('result')
  })
})

const judge = defineAgent({
  id: 'judge',
  version: '1.0.0',
  description: '',
  capabilities: {
    'work.judge': { description: '', input: z.json(), output: z.object({ verdict: z.number() }) },
  },
  execute: async () => ({ verdict: 1 }),
})

describe('an invalid test', () => {
  it.each([
    {
      what: 'a capability that is not scripted',
      workflow: one({ capability: 'work.duo' }),
      message:
        /step "a" of workflow "one" asks for capability "work.duo", which no agent of this test offers; did you mean "work.do"\? \(known: work.do\); script it: agents: \{ 'work.duo'/,
    },
    {
      what: 'a capability of the same domain whose name is not near: it is no slip',
      workflow: one({ capability: 'work.shorten' }),
      message:
        /asks for capability "work.shorten", which no agent of this test offers; known: work.do; script/,
    },
    {
      what: 'an agent that is not there',
      workflow: one({ agent: 'ghost' }),
      message: /step "a" .* asks for agent "ghost", which this test does not have; known: work-do/,
    },
    {
      what: 'a workflow that is not valid, with line and column',
      workflow: 'name: bad\nsteps:\n  a:\n    capability: work.do\n    needs: [ghost]\n',
      message: /the workflow:5:\d+: steps\.a\.needs.*"ghost".*\n {2}5 \| {5}needs: \[ghost\]\n {4}\| +\^/,
    },
    {
      what: 'a field that no agent answers, at its place in the text',
      workflow: [
        'name: bad',
        'steps:',
        '  review: { capability: work.judge }',
        '  refine:',
        '    capability: work.do',
        '    when: "{% $steps.review.verdit = 1 %}"',
      ].join('\n'),
      agents: { ...echo, judge },
      message:
        /^workflow "bad":6:\d+: steps\.refine\.when: .*"verdit".*\n {2}6 \| {5}when: "\{% \$steps.*\n {4}\| +\^$/,
    },
    {
      what: 'a child that is not there',
      workflow: { name: 'main', steps: { call: { workflow: 'nobody' } } },
      message: /nobody/,
    },
    {
      what: 'an input that the workflow refuses',
      workflow: { ...one({}), input: { type: 'object' } },
      message: /object/,
    },
  ])('is refused: $what', async ({ workflow, message, agents = echo }) => {
    await expect(testWorkflow(workflow, { input: 5, agents })).rejects.toThrow(message)
  })

  it('is refused: a key that is neither the id nor a capability of its agent', async () => {
    const agent = defineAgent({
      id: 'worker',
      version: '1.0.0',
      description: '',
      capabilities: { 'work.do': { description: '', input: z.json(), output: z.json() } },
      execute: async () => null,
    })
    await expect(testWorkflow(one({}), { agents: { 'work.doo': agent } })).rejects.toThrow(
      /"work.doo" is neither the id of its agent nor a capability of it; did you mean "work.do"\?/,
    )
    expect((await testWorkflow(one({}), { agents: [agent] })).status).toBe('succeeded')
  })
})
