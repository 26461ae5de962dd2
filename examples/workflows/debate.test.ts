import { readFileSync } from 'node:fs'
import { testWorkflow } from 'orchestrator/testing'
import { expect, it } from 'vitest'
import decision from '../../functions/agents/decision/index.ts'
import language from '../../functions/agents/language/index.ts'

const debate = readFileSync(new URL('../../workflows/debate.yaml', import.meta.url), 'utf8')

it('revises the better of two drafts by what the judge says', async () => {
  const run = await testWorkflow(debate, {
    input: { question: 'Should we write tests first?', words: 50 },
    agents: { language, decision },
    models: ({ answer, messages }) => {
      const asked = JSON.stringify(messages)
      if (answer?.name === 'route') return { value: { route: 'second', reason: 'it names costs' } }
      if (asked.includes('Revise the draft')) return { value: { text: 'revised' } }
      return { value: { text: asked.includes('case for it') ? 'for' : 'against' } }
    },
  })
  expect(run.result).toEqual({
    text: 'revised',
    winner: 'second',
    reason: 'it names costs',
    drafts: { first: 'for', second: 'against' },
    engine: 'llm:scripted-default',
  })
  const [revision] = run.modelCalls.slice(-1)
  const prompt = JSON.stringify(revision?.messages)
  expect(prompt).toMatch(/is=\\\\?"draft\\\\?">\\\\?nagainst/)
  expect(prompt).toMatch(/is=\\\\?"material\\\\?">\\\\?nfor/)
  expect(prompt).toContain('it names costs')
})
