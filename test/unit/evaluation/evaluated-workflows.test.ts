import { testWorkflow } from 'orchestrator/testing'
import { describe, expect, it } from 'vitest'

const run = (evaluate: object) =>
  testWorkflow(
    {
      name: 'w',
      steps: { a: { capability: 'work.do' } },
      output: { text: '{% $steps.a %}', of: '{% $input.topic %}' },
      evaluate,
    },
    { agents: { 'work.do': { output: 'On tea.' } }, input: { topic: 'tea' } },
  )
const RULES = {
  'is on its topic': '{% $contains($output.text, $input.topic) %}',
  'is what the step said': '{% $output.text = $steps.a %}',
  'is long': '{% $length($output.text) / 28 %}',
}

describe('a workflow with evaluate', () => {
  it('scores its output, which the task is told with', async () => {
    expect(await run({ rules: RULES })).toMatchObject({
      status: 'succeeded',
      result: { text: 'On tea.', of: 'tea' },
      evaluation: {
        score: 0.75,
        checks: [
          { name: 'is on its topic', score: 1 },
          { name: 'is what the step said', score: 1 },
          { name: 'is long', score: 0.25 },
        ],
      },
    })
  })

  it('fails with a score below atLeast, and keeps it', async () => {
    const done = await run({ rules: RULES, schema: { type: 'array' }, atLeast: 0.8 })
    expect(done).toMatchObject({
      status: 'failed',
      error: {
        name: 'EvaluationFailedError',
        message: expect.stringMatching(
          /^the task's output: it has the score 0\.5625, and evaluate\.atLeast is 0\.8: schema 0 \(.*\), rule "is long" 0\.25$/,
        ),
      },
      evaluation: { score: 0.5625 },
      steps: { a: { status: 'succeeded' } },
    })
  })

  it('fails where a rule cannot be evaluated only as far as it counts', async () => {
    const done = await run({ rules: { odd: '{% $number($output.text) > 1 %}', even: '{% true %}' } })
    expect(done).toMatchObject({ status: 'succeeded', evaluation: { score: 0.5 } })
  })
})
