import { readFileSync } from 'node:fs'
import { testWorkflow, type WorkflowTest } from 'orchestrator/testing'
import { expect, it } from 'vitest'

const review = readFileSync(new URL('./review.yaml', import.meta.url), 'utf8')
const HOUR = 3_600
const DAY = 24 * HOUR

const test: WorkflowTest = {
  input: { tables: ['one', 'two', 'broken', 'four', 'five'] },
  agents: {
    'analysis.profile': {
      output: { rows: 3 },
      seconds: 10,
      steps: { 'profiles[2]': { fails: 'AgentFailedError' } },
    },
    echo: (input) => input,
  },
}

it('publishes what somebody has signed, though one table in five could not be read', async () => {
  const run = await testWorkflow(review, {
    ...test,
    approvals: { sign_off: { approved: true, by: 'ada', afterSeconds: 2 * HOUR } },
  })
  expect(run.result).toEqual({ decision: 'approve', archived: 5 })
  expect(run.seconds).toBe(10 + 2 * HOUR)
  expect(run.events.map(({ type }) => type)).toContain('custom')
})

it('publishes nothing when nobody signs within a day', async () => {
  const run = await testWorkflow(review, test)
  expect(run.result).toMatchObject({ decision: 'reject' })
  expect(run.steps.tell?.status).toBe('skipped')
  expect(run.seconds).toBe(10 + DAY)
})
