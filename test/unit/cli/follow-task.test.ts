import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { WorkflowSchema } from '../../../shared/workflow/schema.ts'
import { runCliAgainst, TASK_ID, taskView } from '../../support/cloud/run-cli-against.ts'

const error = { name: 'AgentFailedError', message: 'no answer\nin two lines', stepId: 'each[0]' }
const attempt = (at: string) => ({ agentId: 'f', startedAt: at, endedAt: at, error })
const step = { needs: [], attempts: [], stepId: 'a', status: 'succeeded' }
const [before, after] = ['2026-11-28T12:00:01.000Z', '2026-11-28T12:01:00.000Z']
const workflowAt = (version: number) => ({
  ...{
    name: 'w',
    version,
    description: '',
    taskTypes: [],
    steps: ['a'],
    stateMachineArn: 'm',
    origin: 'api',
  },
  definition: WorkflowSchema.parse({ name: 'w', version, steps: { a: { capability: 'work.do' } } }),
})
const failedAt = (endedAt: string) => ({
  ...{ ...step, stepId: 'b', status: 'failed', endedAt, error },
  attempts: [attempt(endedAt)],
})
const failed = taskView({ status: 'failed', error, steps: [step, failedAt(before)] })

describe('status --watch', () => {
  it.each(['failed', 'timed_out', 'cancelled'])('exits with 1 after a task that is %s', async (status) => {
    const told = await runCliAgainst(() => ({ ...failed, status }), ['status', TASK_ID, '--watch'])
    expect(told.code).toBe(1)
    expect(told.stdout).toContain(`w ${TASK_ID} ${status}`)
    expect(told.stderr).toContain('AgentFailedError: no answer\n  in two lines')
    expect(told.stderr).toContain(`npx orchestrator show ${TASK_ID} 'each[0]'`)
  })

  it('exits with 1 and prints only JSON with --json', async () => {
    const told = await runCliAgainst(() => failed, ['status', TASK_ID, '--watch', '--json'])
    expect({ ...told, stdout: JSON.parse(told.stdout).status }).toEqual({
      ...{ code: 1, stdout: 'failed', stderr: '' },
    })
  })

  it('exits with 0 after a task that has succeeded, and so does status of any task', async () => {
    const succeeded = taskView({ status: 'succeeded' })
    const { code } = await runCliAgainst(() => succeeded, ['status', TASK_ID, '--watch'])
    expect(code).toBe(0)
    expect((await runCliAgainst(() => failed, ['status', TASK_ID])).code).toBe(0)
  })
})

describe('retry', () => {
  const retrying = (deployed: number, ...more: string[]) =>
    runCliAgainst(
      (path) => (path.includes('/workflows/') ? workflowAt(deployed) : taskView({ status: 'running' })),
      ['retry', TASK_ID, ...more],
    )

  it('tells of a newer version of the workflow, and how to go on with it', async () => {
    const { code, stdout, stderr } = await retrying(3)
    expect([code, stdout.split('\n')[0]]).toEqual([0, TASK_ID])
    expect(stderr.replaceAll(/\s+/g, ' ')).toBe(
      `note: it goes on with w v1, as it began; v3 is deployed. To go on with that one, should it fail again: npx orchestrator retry ${TASK_ID} --workflow w `,
    )
  })

  it.each([
    ['the newest version is its own', 1, []],
    ['the definition was given', 3, ['--workflow', 'w']],
    ['a script reads it', 3, ['--json']],
  ])('tells of none where %s', async (_why, deployed, more) => {
    expect(await retrying(deployed, ...more)).toMatchObject({ code: 0, stderr: '' })
  })

  it('sends the name of a deployed workflow as it is, and the text of a file', async () => {
    const sent: unknown[] = []
    const answer = (_path: string, _query: unknown, _method: string, body: unknown) => {
      sent.push((body as { workflow?: unknown } | undefined)?.workflow)
      return taskView({ status: 'running' })
    }
    await runCliAgainst(answer, ['retry', TASK_ID, '--workflow', 'w'])
    await runCliAgainst(answer, ['fork', TASK_ID, '--workflow', 'workflows/simple.yaml'])
    expect(sent).toEqual(['w', readFileSync('workflows/simple.yaml', 'utf8')])
  })
})

it('retry --wait begins with what is new, also where a step fails again at once', async () => {
  let isRetried = false
  const { code, stdout } = await runCliAgainst(
    (path, _query, method) => {
      if (method === 'POST' && path.endsWith('/retry')) isRetried = true
      if (method === 'POST') return taskView({ status: 'running' })
      const again = {
        ...failed,
        steps: [step, { ...step, stepId: 'old', status: 'skipped' }, failedAt(after)],
      }
      return isRetried ? again : { ...failed, steps: [step, again.steps[1], failedAt(before)] }
    },
    ['retry', TASK_ID, '--wait'],
  )
  expect(code).toBe(1)
  expect(stdout).toBe(`b: failed\nw ${TASK_ID} failed \n`)
})
