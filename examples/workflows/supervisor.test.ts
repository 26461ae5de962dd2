import { readFileSync } from 'node:fs'
import { testWorkflow, type WorkflowTest } from 'orchestrator/testing'
import { expect, it } from 'vitest'

const supervisor = readFileSync(new URL('./supervisor.yaml', import.meta.url), 'utf8')
const table = 'day,visits\n2026-01-01,120\n2026-01-02,131\n'
const url = 'https://hooks.example.com/answers'

const test: WorkflowTest = {
  input: { question: 'Do visits grow?', table, tell: url },
  agents: {
    'analysis.profile': { output: { rows: 2 }, seconds: 10 },
    'analysis.trends': { output: { trends: [{ column: 'visits', direction: 'rising' }] }, seconds: 20 },
    'synthesis.summarize': { output: { sentences: [] } },
    'notify.webhook': { output: { status: 200 } },
  },
  // What the model of the test answers, in order.
  models: [
    {
      calls: [
        { name: 'analysis_profile', input: { source: table } },
        { name: 'analysis_trends', input: { source: table } },
      ],
    },
    { calls: [{ name: 'notify_webhook', input: { url, body: 'They grow.' } }] },
    { value: { summary: 'They grow.' } },
  ],
}

it('has agents work side by side, and sends what a person has agreed to', async () => {
  const run = await testWorkflow(supervisor, {
    ...test,
    approvals: { 'team.calls.approval': { approved: true, by: 'ada', afterSeconds: 60 } },
  })
  expect(run.result).toEqual({
    summary: 'They grow.',
    calls: ['analysis.profile', 'analysis.trends', 'notify.webhook'],
  })
  // The slower of the two, and the person.
  expect(run.seconds).toBe(20 + 60)
})

it('tells the model of a refusal, and sends nothing', async () => {
  const run = await testWorkflow(supervisor, {
    ...test,
    approvals: { 'team.calls.approval': { approved: false, by: 'ada', comment: 'not yet' } },
  })
  expect(run.result).toMatchObject({ summary: 'They grow.' })
  expect(run.calls.map(({ capability }) => capability)).not.toContain('notify.webhook')
  expect(JSON.stringify(run.modelCalls[2]?.messages.at(-1))).toContain('not yet')
})
