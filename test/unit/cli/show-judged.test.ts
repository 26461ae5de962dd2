import { expect, it } from 'vitest'
import { runCliAgainst, TASK_ID, taskView } from '../../support/cloud/run-cli-against.ts'

const [t0, t1, t2, t3, t4] = [0, 4, 9, 12, 20].map((second) =>
  new Date(Date.UTC(2026, 10, 28, 12, 0, second)).toISOString(),
)
const check = { kind: 'rule', name: 'is short', score: 0, reason: 'it finds nothing' }
const step = {
  ...{ stepId: 'draft', status: 'succeeded', capability: 'text.draft', agentId: 'writer', needs: [] },
  ...{ agentVersion: '1.2.0', startedAt: t0, attemptStartedAt: t3, endedAt: t4, durationMs: 20_000 },
  costUsd: 0.0125,
  tokens: 900,
  attempts: [
    {
      ...{ agentId: 'language', agentVersion: '2.0.0', capability: 'evaluate.judge', judgeOf: 'writer' },
      ...{
        startedAt: t1,
        endedAt: t2,
        error: { name: 'ConfigError', message: 'no model is called "judge"' },
      },
    },
    {
      ...{ agentId: 'writer', agentVersion: '1.2.0', capability: 'text.draft', startedAt: t0, endedAt: t3 },
      ...{ costUsd: 0.005, tokens: 400, askAgainAt: t4 },
      error: {
        name: 'EvaluationFailedError',
        message:
          'the output has the score 0.1, and evaluate.atLeast is 0.7: rule "is short" 0 (it finds nothing), judge 0.2',
      },
      evaluation: {
        score: 0.1,
        checks: [check, { kind: 'judge', name: 'judge', score: 0.2, reason: 'It names no source.' }],
        judge: { agentId: 'critic', agentVersion: '0.3.0', durationMs: 2_100, costUsd: 0.002, tokens: 120 },
      },
    },
  ],
  evaluation: {
    score: 0.9,
    checks: [{ kind: 'judge', name: 'judge', score: 0.9, reason: 'So.' }],
    judge: { agentId: 'critic', agentVersion: '0.3.0', durationMs: 1_500 },
  },
  output: 'On tea.',
}
const run = async (args: string[], view: object = step) => {
  const answer = (path: string) =>
    path.includes('/steps/')
      ? view
      : path.endsWith('/input')
        ? { taskId: TASK_ID, input: 1 }
        : taskView({ steps: [view] })
  return (await runCliAgainst(answer, args, { COLUMNS: '80' })).stdout
}

it('explain says why an output was refused, by whom, and what that has cost', async () => {
  const told = await run(['explain', TASK_ID, 'draft'])
  expect(told).toContain('failed  judge language (of an output of writer) after 5.0 s: ConfigError:')
  expect(told).toContain('refused  writer after 12.0 s, 0.005 USD, 400 tokens: EvaluationFailedError: the')
  expect(told).toContain('    0  rule "is short": it finds nothing\n    0.2  judge: It names no source.\n')
  expect(told).toContain('    judged by critic@0.3.0 in 2.1 s, 0.002 USD, 120 tokens\n')
  expect(told).toContain('judged by critic@0.3.0 in 1.5 s\n')
  // Each rule is told once, and the time of the policy is no wish of the agent.
  expect(told.match(/is short/g)).toHaveLength(1)
  expect(told).not.toContain('asked to be called')
})

it('show counts the calls of judges apart from the attempts', async () => {
  const told = await run(['show', TASK_ID, 'draft'])
  expect(told).toContain(`  judge  language@2.0.0  ${t1}  failed after 5.0 s`)
  expect(told).toContain(`  1  writer@1.2.0  ${t0}  failed after 12.0 s`)
  expect(told).toContain(`  2  writer@1.2.0  ${t3}  succeeded after 8.0 s`)
  const whole = await run(['show', TASK_ID])
  expect(whole).toContain('1 + 1 judge')
})

it.each([
  [{ since: t1 }, 'waits for its judge'],
  [{ since: t1, by: 'critic' }, 'judged by critic'],
])('status and show say that an output %j', async (judging, said) => {
  const { evaluation: _e, endedAt: _t, output: _o, durationMs: _d, ...rest } = step
  const view = { ...rest, status: 'running', judging }
  const told = await run(['status', TASK_ID], view)
  expect(told).toContain('writer')
  expect(told.replaceAll(/\s+/g, ' ')).toContain(`1 failed attempt, 1 failed call of a judge ${said}`)
  expect(await run(['show', TASK_ID, 'draft'], view)).toContain(said)
  expect(await run(['explain', TASK_ID, 'draft'], view)).toContain(said)
})
