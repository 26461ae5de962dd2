import { beforeAll, expect, it } from 'vitest'
import analysis from '../../../functions/agents/analysis/index.ts'
import echo from '../../../functions/agents/echo/index.ts'
import { testWorkflow } from '../../../testing/index.ts'
import { type SharedApi, sharedApi } from '../../support/cloud/shared-api.ts'

let api: SharedApi
beforeAll(async () => {
  api = await sharedApi()
})

const TABLE = 'a,b\n1,2\n2,3\n'
const BROKEN = 'a,b\n"unclosed,1\n'

/** A fan-out with a failure, a loop, a step that waits at a gate, a skipped step, and a failure handler. */
const workflow = {
  name: 'everything',
  steps: {
    profiles: {
      capability: 'analysis.profile',
      forEach: '{% $input.tables %}',
      input: { source: '{% $item %}' },
      maxConcurrency: 1,
      tolerate: 1,
      retry: { maxAttempts: 1 },
    },
    count: { capability: 'echo', input: { rows: '{% $steps.profiles.rows %}' } },
    rounds: {
      needs: ['count'],
      repeat: {
        steps: { round: { capability: 'echo', input: { at: '{% $iteration %}' } } },
        until: '{% $steps.round.at = 2 %}',
        maxIterations: 3,
      },
    },
    never: { capability: 'echo', needs: ['rounds'], when: '{% $count($steps.profiles) > 99 %}', input: {} },
    broken: {
      capability: 'analysis.profile',
      needs: ['rounds'],
      input: { source: '{% $input.tables[1] %}' },
      retry: { maxAttempts: 1 },
      onFailure: { step: 'why' },
    },
    why: { capability: 'echo', input: { name: '{% $error.name %}', of: '{% $error.stepId %}' } },
    all: {
      capability: 'echo',
      join: 'settled',
      needs: ['never'],
      input: { why: '{% $steps.why %}', rows: '{% $steps.count.rows %}', rounds: '{% $steps.rounds %}' },
    },
  },
  output: '{% $steps.all %}',
}

/** Without stacks: their frames differ, bundles have other files than the kit. */
const errorsOf = (attempts: unknown): object[] =>
  (attempts as { error: { name: string; message: string } }[]).map(({ error: { name, message } }) => ({
    name,
    message,
  }))

it('testWorkflow reports the same as the local cloud: statuses, outputs, errors, order', async () => {
  const input = { tables: [TABLE, BROKEN, TABLE] }
  const run = await testWorkflow(workflow, { input, agents: [analysis, echo] })
  expect(run.status).toBe('succeeded')

  const { taskId } = await api.submitOwn(workflow, input)
  expect(await api.ended(taskId)).toMatchObject({ status: 'succeeded' })
  expect(run.result).toEqual(await api.resultOf(taskId))
  const { body } = await api.call('GET', `/tasks/${taskId}/steps`)
  const views: { stepId: string; startedAt: string }[] = body.steps ?? []
  const told = await Promise.all(
    views.map(
      async ({ stepId }) =>
        (await api.call('GET', `/tasks/${taskId}/steps/${encodeURIComponent(stepId)}`)).body,
    ),
  )
  // No single agent runs a whole fan-out; the API shows the agent that its items are bound to.
  const shown = told.map(({ stepId, status, output, agentId: bound, skipReason, attempts }) => {
    const agentId = run.steps[String(stepId)]?.agentId && bound
    return [stepId, { status, output, agentId, skipReason, attempts: errorsOf(attempts) }]
  })
  const ours = Object.entries(run.steps).map(([path, { status, output, agentId, skipReason, attempts }]) => [
    path,
    { status, output, agentId, skipReason, attempts: errorsOf(attempts) },
  ])
  expect(Object.fromEntries(ours)).toEqual(Object.fromEntries(shown))
  const ran = views.filter(({ stepId }) => run.order.includes(stepId))
  const order = ran.toSorted((a, b) => a.startedAt.localeCompare(b.startedAt)).map(({ stepId }) => stepId)
  expect(run.order).toEqual(order)
})
