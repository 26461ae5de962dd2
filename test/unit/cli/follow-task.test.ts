import { describe, expect, it } from 'vitest'
import { runCliAgainst, TASK_ID, taskView } from '../../support/cloud/run-cli-against.ts'

const error = { name: 'AgentFailedError', message: 'no answer\nin two lines', stepId: 'each[0]' }
const attempt = (at: string) => ({ agentId: 'f', startedAt: at, endedAt: at, error })
const step = { needs: [], attempts: [], stepId: 'a', status: 'succeeded' }
const [before, after] = ['2026-11-28T12:00:01.000Z', '2026-11-28T12:01:00.000Z']
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
