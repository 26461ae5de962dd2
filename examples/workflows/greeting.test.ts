import { readFileSync } from 'node:fs'
import { testWorkflow } from 'orchestrator/testing'
import { expect, it } from 'vitest'
import greeter from '../agents/greeter.ts'

const greeting = readFileSync(new URL('./greeting.yaml', import.meta.url), 'utf8')

it('greets, and answers text and page', async () => {
  const run = await testWorkflow(greeting, {
    input: { name: 'Ada' },
    agents: { greeter, 'format.html': { output: { text: '<p>Hello, Ada!</p>' }, seconds: 2 } },
  })
  expect(run.result).toEqual({ text: 'Hello, Ada!', html: '<p>Hello, Ada!</p>' })
  expect(run.order).toEqual(['greet', 'page'])
  expect(run.seconds).toBe(2)
})

it('greets without a page where that cannot be made', async () => {
  const run = await testWorkflow(greeting, {
    input: { name: 'Ada' },
    agents: { greeter, 'format.html': { fails: 'AgentFailedError' } },
  })
  expect(run.result).toEqual({ text: 'Hello, Ada!' })
  expect(run.steps.page?.status).toBe('failed')
})
