import { readFileSync } from 'node:fs'
import { testWorkflow, type WorkflowTest } from 'orchestrator/testing'
import { expect, it } from 'vitest'
import analysis from '../../functions/agents/analysis/index.ts'
import research from '../../functions/agents/research/index.ts'
import synthesis from '../../functions/agents/synthesis/index.ts'

const workflow = readFileSync(new URL('../../workflows/research_and_analyze.yaml', import.meta.url), 'utf8')

const test: WorkflowTest = {
  input: {
    query: 'When is a refund paid?',
    corpus: [
      {
        source: 'refunds.md',
        text: '# Refunds\n\nA refund is paid within ten days of the return of the goods.',
      },
      { source: 'shipping.md', text: '# Shipping\n\nParcels leave the house on the day of the order.' },
    ],
  },
  agents: { analysis, research, synthesis },
}

it('answers with checked quotations where the stage has a model', async () => {
  const run = await testWorkflow(workflow, {
    ...test,
    models: [
      {
        value: {
          answered: true,
          statements: [
            { text: 'It is paid within ten days.', citation: 1, quote: 'paid within ten days of the return' },
            { text: 'It is paid in gold.', citation: 1, quote: 'paid in gold' },
          ],
        },
      },
    ],
  })
  expect(run.result).toMatchObject({ engine: 'llm:scripted-default' })
  const { markdown } = run.result as { markdown: string }
  expect(markdown).toContain('## Answer\n\nIt is paid within ten days. [1]')
  expect(markdown).not.toContain('gold')
})

it('quotes the sentences that say most where it has none', async () => {
  const run = await testWorkflow(workflow, test)
  expect(run.result).toMatchObject({
    engine: 'extractive',
    markdown: expect.stringContaining('A refund is paid within ten days of the return of the goods. [1]'),
  })
  expect(run.modelCalls).toEqual([])
})
