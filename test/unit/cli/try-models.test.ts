import { expect, it } from 'vitest'
import { runCliAgainst, TASK_ID, taskView } from '../../support/cloud/run-cli-against.ts'

const at = '2026-11-28T12:00:00.000Z'
const model = (name: string, more: object = {}) => ({
  ...{ name, provider: 'bedrock', id: `id-of-${name}`, contextTokens: 8_000, structured: 'tool', agents: [] },
  used: { calls: 0, inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0, costUsd: 0 },
  ...more,
})
const output = {
  answered: true,
  modelId: 'x',
  milliseconds: 5,
  text: 'ready',
  inputTokens: 1,
  outputTokens: 1,
}
const call = (name: string, more: object) => ({
  ...{ id: name, attempt: 1, agentId: 'model-probe', startedAt: at, durationMs: 1, model: name },
  ...{ continues: false, request: {}, ...more },
})

/** The steps of a task of the probe, whose first model has made these calls. */
const tried = (calls: object[]) =>
  runCliAgainst(
    (path, _query, method) => {
      if (path === '/models')
        return { models: [model('main', { fallback: 'spare' }), model('spare')], missing: [] }
      if (path.endsWith('/transcript'))
        return { taskId: TASK_ID, stepId: 'x', calls: path.includes('model_0') ? calls : [call('spare', {})] }
      const steps = ['model_0', 'model_1'].map((stepId) => ({
        ...{ stepId, status: 'succeeded', needs: [], attempts: [], output },
      }))
      if (path.endsWith('/steps')) return { steps }
      return method === 'POST'
        ? taskView({ warnings: [] })
        : taskView({ status: 'succeeded', endedAt: at, durationMs: 1 })
    },
    ['models', '--try'],
    { COLUMNS: '0' },
  )

it('tells a model that is refused behind its fallback, and why', async () => {
  const refused = { errorName: 'ModelRefusedError', errorMessage: 'no access to id-of-main' }
  const { code, stdout, stderr } = await tried([call('main', refused), call('spare', {})])
  expect(stderr).toBe('')
  expect(stdout).toMatch(/main +spare answers/)
  expect(stdout).toContain(
    'main: ModelRefusedError: no access to id-of-main, so that its fallback spare has answered',
  )
  expect(code).toBe(1)
})

it('says nothing of fallbacks where each model has answered itself', async () => {
  const { code, stdout } = await tried([call('main', {})])
  expect(stdout).not.toContain('fallback')
  expect(code).toBe(0)
})
