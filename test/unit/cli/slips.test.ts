import { describe, expect, it } from 'vitest'
import { runCliAgainst, TASK_ID, taskView } from '../../support/cloud/run-cli-against.ts'

type Step = Record<string, unknown>
const at = '2026-11-28T12:00:00.000Z'
const step = (stepId: string, facts: Step = {}): Step => ({
  ...{ stepId, status: 'succeeded', needs: [], attempts: [] },
  ...facts,
})
/** The command against an API with one task of these steps; `posts` are the paths that were written to. */
async function run(args: string[], steps: Step[]) {
  const paths: string[] = []
  const answer = (path: string) => {
    paths.push(path)
    return path.includes('/steps/') || path.includes('/approvals/') ? steps[0] : taskView({ steps })
  }
  return { ...(await runCliAgainst(answer, args, { COLUMNS: '0' })), paths }
}

describe('approve without --decision', () => {
  const approval = { prompt: 'Sign?', choices: ['yes', 'not now'], expiresAt: at }

  it.each([
    {
      asked: step('ok', { status: 'waiting', approval }),
      told: `the choices of step "ok" are yes, not now, as in: npx orchestrator approve ${TASK_ID} ok --decision yes`,
    },
    {
      asked: step('ok', { approval: { ...approval, answer: { decision: 'yes', by: 'ada', at } } }),
      told: `step "ok" is answered already: yes by ada at ${at}`,
    },
    { asked: step('ok'), told: `step "ok" of task ${TASK_ID} asks nobody: it is succeeded` },
  ])('answers nothing, and says $told', async ({ asked, told }) => {
    const { code, stderr, paths } = await run(['approve', TASK_ID, 'ok', '--by', 'me'], [asked])
    expect(stderr).toContain(told)
    expect(code).toBe(2)
    expect(paths.filter((path) => path.includes('/approvals/'))).toEqual([])
  })
})

describe('a call while a reload is under way', () => {
  const starting = {
    ...{
      type: 'urn:orchestrator:StartingError',
      title: 'x',
      status: 503,
      detail: 'starting: the input does not fit',
    },
    starting: { agents: { registered: 9, expected: 10 }, workflows: { registered: 3, expected: 4 } },
  }
  const refused = {
    type: 'urn:orchestrator:InvalidInputError',
    title: 'x',
    status: 422,
    detail: 'is too long',
  }

  it('waits, says so once, and is judged by what is deployed then', async () => {
    let asked = 0
    const answer = () => (++asked <= 2 ? starting : refused)
    const { code, stderr } = await runCliAgainst(answer, ['plan', 'quote'], { COLUMNS: '0' })
    expect(asked).toBe(3)
    expect(stderr.match(/9 of 10 agents and 3 of 4 workflows are registered/g)).toHaveLength(1)
    expect(stderr).toContain('is too long')
    expect(stderr).not.toContain('does not fit')
    expect(code).toBe(2)
  })

  it('fails at once where it only asks', async () => {
    const { code, stderr } = await runCliAgainst(() => starting, ['status', TASK_ID])
    expect(stderr).not.toContain('waiting')
    expect(code).toBe(3)
  })
})

describe('explain without a step', () => {
  it('lists the failed steps, or some steps where none has failed', async () => {
    const both = [step('b', { status: 'failed' }), step('c', { status: 'failed' })]
    const failed = await run(['explain', TASK_ID], [step('a'), ...both])
    expect(failed.stderr).toContain(
      `name a step of task ${TASK_ID}; failed: b, c, as in: npx orchestrator explain ${TASK_ID} b`,
    )
    const none = await run(['explain', TASK_ID], [step('a'), step('b')])
    expect(none.stderr).toContain('such as a, b')
  })
})

it('explains the failed step where there is one alone', async () => {
  const { paths, code } = await run(['explain', TASK_ID], [step('b', { status: 'failed' }), step('a')])
  expect(paths).toContain(`/tasks/${TASK_ID}/steps/b`)
  expect(code).toBe(0)
})

it('explains the step in a loop for which the loop has failed', async () => {
  const steps = [step('b', { status: 'failed' }), step('b[2].turn', { status: 'failed' }), step('a')]
  const { paths, code } = await run(['explain', TASK_ID], steps)
  expect(paths.map(decodeURIComponent)).toContain(`/tasks/${TASK_ID}/steps/b[2].turn`)
  expect(code).toBe(0)
})

describe('show --transcript of a step that has asked no model', () => {
  const shown = async (of: Step) => {
    const answer = (path: string) =>
      path.endsWith('/transcript') ? { taskId: TASK_ID, stepId: 'b', calls: [] } : of
    return (await runCliAgainst(answer, ['show', TASK_ID, 'b', '--transcript'], { COLUMNS: '0' })).stdout
  }

  it('leads to what is in it, where it is a loop or a conversation', async () => {
    const none = 'no call of a language model of step "b" is kept'
    expect(await shown(step('b'))).toBe(`${none}\n`)
    const told = await shown(step('b', { round: 2 }))
    expect(told).toBe(
      `${none}; those of the steps in it are: npx orchestrator steps ${TASK_ID} --under b, then show one of them\n`,
    )
  })
})

describe('explain', () => {
  const candidate = { agentId: 'reader', eligible: true, reason: 'eligible', load: 0, costUsd: 0 }
  const decision = { stepId: 'a', capability: 'c', chosen: 'reader', reason: 'the only eligible agent' }

  it.each([
    [[candidate], false],
    [[candidate, { ...candidate, agentId: 'other', eligible: false, reason: 'is inactive' }], true],
  ])('prints scores only where agents compare: %#', async (candidates, isTable) => {
    const { stdout } = await run(
      ['explain', TASK_ID, 'a'],
      [step('a', { decision: { ...decision, candidates } })],
    )
    expect(stdout).toContain('the only eligible agent')
    expect(stdout.includes('inflight')).toBe(isTable)
  })
})

it.each([
  ['run', 'submit <workflow> --wait'],
  ['tail', 'logs <taskId> --follow'],
  ['ps', 'list'],
])('the name of another tool, %s, leads to %s', async (name, meant) => {
  const { code, stderr } = await run([name, 'x', '--some'], [])
  expect(stderr).toContain(`unknown command "${name}"; did you mean: npx orchestrator ${meant}`)
  expect(code).toBe(2)
})
