import { describe, expect, it } from 'vitest'
import { runCliAgainst, TASK_ID, taskView } from '../../support/cloud/run-cli-against.ts'

type Step = Record<string, unknown> & { stepId: string }
const at = '2026-11-28T12:00:00.000Z'
const explain = async (steps: Step[], args = ['explain', TASK_ID, steps[0]?.stepId ?? '']) => {
  const answer = (path: string, query: URLSearchParams) => {
    const status = query.get('status')
    if (path.endsWith('/steps'))
      return { steps: steps.slice(1).filter((step) => status === null || step.status === status) }
    if (path.endsWith('/input')) return { taskId: TASK_ID, input: 1 }
    return path.includes('/steps/') ? steps[0] : taskView({ steps, status: 'failed', error: steps[0]?.error })
  }
  return (await runCliAgainst(answer, args, { COLUMNS: '0' })).stdout
}
const failed = (message: string) => ({
  agentId: 'reader',
  startedAt: at,
  endedAt: at,
  error: { name: 'Error', message },
})

describe('a goal', () => {
  const planned = (stepId: string, more: object = {}) => ({
    ...{ stepId, status: 'succeeded', capability: 'plan.workflow', needs: [], attempts: [] },
    output: { kind: 'planned', plannedBy: `model:${stepId}`, calls: 1, tokens: 5, costUsd: 0 },
    ...more,
  })
  const explainGoal = async (steps: Step[]) => {
    const answer = (path: string) => {
      const found = steps.find(({ stepId }) => path.endsWith(`/steps/${stepId}`))
      return found ?? taskView({ steps, goal: 'Compare two rivers', status: 'failed' })
    }
    return (await runCliAgainst(answer, ['explain', TASK_ID], { COLUMNS: '0' })).stdout
  }

  it('that was planned anew tells both plans', async () => {
    const told = await explainGoal([planned('plan'), planned('replan')])
    expect(told).toMatch(
      /^plan {2}succeeded.*planned by model:plan, .*\nreplan {2}succeeded.*planned by model:replan/s,
    )
  })

  it('tells one plan where there is one, also where none came of it', async () => {
    const told = await explainGoal([
      planned('plan'),
      planned('replan', { status: 'skipped', output: undefined }),
    ])
    expect(told).not.toContain('replan')
    const error = { name: 'PlanningFailedError', message: 'no plan', details: '{"draft":{"name":"x"}}' }
    const attempt = { agentId: 'planner', startedAt: at, endedAt: at, error }
    const none = await explainGoal([
      planned('plan', { status: 'failed', output: undefined, attempts: [attempt] }),
    ])
    expect(none).toContain('details {"draft":{"name":"x"}}')
  })
})

describe('a fan-out', () => {
  const none = {
    stepId: 'readings',
    capability: 'read',
    chosen: 'reader',
    reason: 'the plan names it',
    candidates: [],
  }
  const steps: Step[] = [
    {
      ...{
        stepId: 'readings',
        status: 'failed',
        capability: 'read',
        needs: [],
        attempts: [],
        decision: none,
      },
      ...{
        items: { total: 4, running: 0, succeeded: 3, failed: 1, agents: { reader: 3, guess: 1 } },
        error: { name: 'ItemsFailedError', message: 'x' },
      },
    },
    { stepId: 'readings[0]', status: 'failed', needs: [], attempts: [failed('a'), failed('b\nc')] },
    { stepId: 'readings[1]', status: 'succeeded', needs: [], attempts: [failed('late')] },
    { stepId: 'readings[2]', status: 'succeeded', needs: [], attempts: [] },
    {
      ...{ stepId: 'readings[3]', status: 'succeeded', needs: [], attempts: [], agentId: 'guess' },
      decision: {
        ...{ ...none, chosen: 'guess', reason: 'a fallback, in place of reader (is at its limit)' },
        inPlaceOf: [{ agentId: 'reader', why: 'is at its limit' }],
      },
    },
  ]

  it.each(['explain', 'show'])(
    '%s says which items had failures, and the command for one',
    async (command) => {
      const told = await explain(steps, [command, TASK_ID, 'readings'])
      expect(told).toContain('items: 4 of 4, 1 failed (reader 3, guess 1)\n')
      expect(told).toContain('  readings[0]  failed after 2 failed attempts: Error: b␊c\n')
      expect(told).toContain('  readings[1]  succeeded after 1 failed attempt: Error: late\n')
      expect(told).toContain(
        '  readings[3]  succeeded by guess, a fallback, in place of reader (is at its limit)\n',
      )
      if (command === 'explain') expect(told).toContain('planned for reader: the plan names it')
      expect(told).not.toContain('readings[2]')
      expect(told).toContain(`more of one: npx orchestrator ${command} ${TASK_ID} 'readings[0]'`)
      expect(told).not.toMatch(/\n\n\n|inflight/)
    },
  )
})

describe('an approval', () => {
  const approval = { prompt: 'Send it?\nReally?', choices: ['yes', 'no'], approvers: ['ada'], expiresAt: at }
  const step = { stepId: 'ask', status: 'waiting', needs: [], attempts: [], approval }

  it('that waits has its prompt, its end and the command that answers', async () => {
    expect(await explain([step])).toBe(
      [
        'ask  waiting',
        'asked: Send it?',
        '  Really?',
        `waits for yes | no, by ada, until ${at}`,
        `answer it: npx orchestrator approve ${TASK_ID} ask --decision yes --by ada\n`,
      ].join('\n'),
    )
  })

  it('that was answered says by whom', async () => {
    const answer = { decision: 'no', by: 'ada', at, comment: 'not yet' }
    const told = await explain([{ ...step, status: 'succeeded', approval: { ...approval, answer } }])
    expect(told).toContain(`answered: no by ada at ${at}: not yet`)
    expect(told).not.toContain('orchestrator approve')
  })
})

describe('a crash', () => {
  const message = 'exit status 3; its last lines:\n  INFO  before the exit\n  bye'
  const error = { name: 'Runtime.ExitError', message, stepId: 'a' }
  const step = {
    stepId: 'a',
    status: 'failed',
    agentId: 'reader',
    needs: [],
    attempts: [failed(message)],
    error,
  }

  it.each([['explain', 'a'], ['show', 'a'], ['status'], ['show']])(
    '%s %s tells the last lines once, indented',
    async (command, ...rest) => {
      const told = await explain([{ ...step, startedAt: at, endedAt: at }], [command, TASK_ID, ...rest])
      expect(told.match(/before the exit/g)).toHaveLength(1)
      expect(told).toMatch(/^ {4}INFO {2}before the exit\n {4}bye$/m)
    },
  )
})

it('line breaks of texts leave the tree of status one line a step', async () => {
  const error = { name: 'ExpressionError', message: '{% $a >\n  3 %} is no number' }
  const told = await explain(
    [{ stepId: 'a', status: 'failed', needs: [], attempts: [], error }],
    ['status', TASK_ID],
  )
  expect(told).toContain('{% $a >␊  3 %} is no number')
  expect(told).toMatch(/^ExpressionError: \{% \$a >\n {4}3 %\} is no number$/m)
})
