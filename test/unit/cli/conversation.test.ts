import { expect, it } from 'vitest'
import { runCliAgainst, TASK_ID, taskView } from '../../support/cloud/run-cli-against.ts'

const at = '2026-11-28T12:00:00.000Z'
const stepOf = (stepId: string, status: string, more: object = {}) => ({
  ...{ stepId, status, needs: [], attempts: [] },
  ...more,
})
const turnOf = (turn: number, more: object = {}) =>
  stepOf(`ask[${turn}].turn`, 'succeeded', {
    ...{ capability: 'model.turn', agentId: 'converse', durationMs: 2_100, costUsd: 0.002 },
    ...more,
  })
const callOf = (path: string, status: string, capability: string | undefined, more: object = {}) =>
  stepOf(`${path}.call`, status, {
    capability,
    oneOf: ['orders.find', 'mail.send'],
    agentId: 'orders',
    ...more,
  })
const error = { name: 'AgentFailedError', message: 'no such order' }
const asked = {
  prompt: 'A model asks to call mail.send with this input, and nothing else:\n{"to":"all"}',
  choices: ['approve', 'reject'],
  requestedAt: at,
  expiresAt: at,
}
const STEPS = [
  stepOf('ask', 'succeeded', {
    ...{ round: 3, startedAt: at, endedAt: at, durationMs: 9_000, costUsd: 0.0071, tokens: 900 },
    output: { text: 'Done.' },
  }),
  turnOf(1),
  stepOf('ask[1].calls', 'succeeded', { items: { total: 2, running: 0, succeeded: 2, failed: 0 } }),
  stepOf('ask[1].calls[0]', 'succeeded'),
  callOf('ask[1].calls[0]', 'succeeded', 'orders.find', { durationMs: 120, costUsd: 0.001 }),
  stepOf('ask[1].calls[1]', 'succeeded'),
  callOf('ask[1].calls[1]', 'failed', 'orders.find', { error, durationMs: 80 }),
  turnOf(2),
  stepOf('ask[2].calls', 'succeeded', { items: { total: 1, running: 0, succeeded: 1, failed: 0 } }),
  stepOf('ask[2].calls[0]', 'succeeded'),
  stepOf('ask[2].calls[0].approval', 'succeeded', {
    approval: { ...asked, answer: { decision: 'reject', by: 'ada', at } },
  }),
  // A call that is not made is given no agent, capability or input.
  callOf('ask[2].calls[0]', 'skipped', undefined, { agentId: undefined }),
  turnOf(3),
  stepOf('ask[3].calls', 'skipped', { skipReason: 'its condition is not true' }),
]
const INPUTS: Record<string, unknown> = {
  'ask[1].calls[0].call': { order: 17 },
  'ask[1].calls[1].call': { order: 99, note: 'x'.repeat(500) },
}
const run = async (args: string[]) => {
  const answer = (path: string, query: URLSearchParams) => {
    const [under, inputs] = [query.get('under') ?? '', query.get('inputs')]
    if (path.endsWith('/steps'))
      return {
        steps: STEPS.filter(({ stepId }) => under === '' || stepId.startsWith(`${under}[`))
          .slice(0, Number(query.get('limit') ?? 100))
          .map((step) => (inputs ? { ...step, input: INPUTS[step.stepId] } : step)),
      }
    if (path.endsWith('/input')) return { taskId: TASK_ID, input: 1 }
    return path.includes('/steps/') ? STEPS[0] : taskView({ steps: STEPS })
  }
  return (await runCliAgainst(answer, args, { COLUMNS: '80' })).stdout
}

it.each(['show', 'explain'])(
  '%s tells each turn and call of a conversation, and the sum of what it cost',
  async (command) => {
    const told = await run([command, TASK_ID, 'ask'])
    if (process.env.SHOW) console.log(told)
    expect(told).toMatch(/^ask {2}succeeded in 9\.0 s, 0\.0071 USD/)
    expect(told).toContain('turns: 3; calls: 3, 1 failed')
    expect(told).toMatch(/^turn 1 +succeeded +2\.1 s +0\.002 USD$/m)
    expect(told).toMatch(/^ {2}orders\.find +orders +succeeded +120 ms +0\.001 USD\n {4}\{"order":17\}$/m)
    expect(told).toMatch(
      /^ {2}orders\.find +orders +failed +80 ms\n {4}\{"order":99,.*\n {4}AgentFailedError: no such order$/m,
    )
    expect(told).toMatch(
      /^ {2}a call +refused by ada\n {4}A model asks to call mail\.send with .*\n {4}\{"to":"all"\}$/m,
    )
    expect(told).toContain(`more of one: npx orchestrator ${command} ${TASK_ID}\n  'ask[1].calls[1].call'`)
    for (const line of told.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
    expect(told).not.toContain('x'.repeat(100))
  },
)

it.each([['status'], ['show'], ['steps']])(
  '%s has no line for the calls of a turn without any',
  async (command) => {
    const told = await run([command, TASK_ID])
    expect(told).toContain('ask[3].turn')
    expect(told).not.toContain('ask[3].calls')
    expect(told).toContain('ask[2].calls')
  },
)
