import { expect, it } from 'vitest'
import { runCliAgainst, TASK_ID, taskView } from '../../support/cloud/run-cli-against.ts'

const problem = (detail: string) => ({
  type: 'urn:orchestrator:NotFoundError',
  title: 'Not Found',
  status: 404,
  detail,
})
const detail = `task ${TASK_ID} has no step "each[9]"; did you mean "each[0]"`
/** A fan-out with two items: which there are, only its records say. */
const answer = (path: string) => {
  if (path.endsWith('/logs')) return { logs: [] }
  if (path.endsWith('/steps/each[9]')) return problem(detail)
  if (path.includes('/steps/')) return { stepId: 'each[0]', status: 'running', needs: [], attempts: [] }
  return taskView({})
}

it('tells a step that the task does not have from one that has logged nothing', async () => {
  const none = await runCliAgainst(answer, ['logs', TASK_ID, '--step', 'each[9]'])
  expect({ code: none.code, stdout: none.stdout }).toEqual({ code: 2, stdout: '' })
  expect(none.stderr).toContain(`error: ${detail}`)
  const silent = await runCliAgainst(answer, ['logs', TASK_ID, '--step', 'each[0]'])
  expect(silent).toMatchObject({ code: 0, stdout: expect.stringMatching(/^No lines/) })
})
