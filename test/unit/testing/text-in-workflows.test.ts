import { expect, it } from 'vitest'
import { testWorkflow } from '../../../testing/index.ts'

const agents = {
  'work.do': { output: { rows: [{ n: 1 }] } },
  'text.write': { output: (input: unknown) => input as never },
}

it('puts expressions into the texts of every kind of step, and infers what they wait for', async () => {
  const prompts: string[] = []
  const run = await testWorkflow(
    `
name: texts
steps:
  find: { capability: work.do }
  write:
    capability: text.write
    input:
      prompt: |
        Write for {% $input.reader %} about
        {% $steps.find.rows %}{% $input.style %}.
        Say {%% as it is.
  ask:
    approval: { prompt: "Send to {% $input.reader %}: {% $steps.write %}?", timeoutSeconds: 60 }
  pause:
    needs: [ask]
    wait: { until: "2026-01-01T0{% $input.hour %}:00:00Z" }
  tell:
    needs: [pause]
    emit: { type: "report.{% $input.kind %}", data: { text: "by {% $steps.ask.by %}" } }
output: "{% $steps.tell.text %}, {% $status.pause %}"
`,
    {
      input: { reader: 'Ada', hour: 3, kind: 'ready' },
      agents,
      approvals: (path, prompt) => {
        prompts.push(prompt)
        return path === 'ask' ? { decision: 'approve', by: 'Ben' } : undefined
      },
    },
  )
  const prompt = 'Write for Ada about\n[{"n":1}].\nSay {% as it is.\n'
  expect(run.steps.write?.output).toEqual({ prompt })
  expect(run.order).toEqual(['find', 'write', 'ask', 'pause', 'tell'])
  expect(prompts).toEqual([`Send to Ada: ${JSON.stringify({ prompt })}?`])
  expect(run.seconds).toBe(3 * 3_600)
  expect(run.events.find(({ type }) => type === 'custom')?.data).toMatchObject({ type: 'report.ready' })
  expect(run.result).toBe('by Ben, succeeded')
})

it('asks with the JSON of a prompt that is no text', async () => {
  const prompts: string[] = []
  const ask = { approval: { prompt: '{% $input.rows %}', timeoutSeconds: 60 } }
  await testWorkflow(
    { name: 'ask', steps: { ask } },
    {
      input: { rows: [1, { a: null }] },
      agents: {},
      approvals: (_path, prompt) => {
        prompts.push(prompt)
        return { decision: 'approve' }
      },
    },
  )
  expect(prompts).toEqual(['[1,{"a":null}]'])
})

it('fails a step whose event would have no proper type, and says which it had', async () => {
  const run = await testWorkflow(
    { name: 'tell', steps: { tell: { emit: { type: 'report.{% $input.kind %}' } } } },
    { input: { kind: 'not so' }, agents: {} },
  )
  expect(run.status).toBe('failed')
  expect(run.error?.message).toContain('it cannot emit an event of type "report.not so"')
})
