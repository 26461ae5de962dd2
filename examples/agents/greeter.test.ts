import { testAgent } from 'orchestrator/testing'
import { expect, it } from 'vitest'
import greeter from './greeter.ts'

it('greets by name', async () => {
  const run = await testAgent(greeter, { input: { name: 'Ada' } })
  expect(run.output).toEqual({ text: 'Hello, Ada!' })
  expect(run.log).toEqual([{ level: 'info', message: 'greeting', facts: { attempt: 1 } }])
})

it('refuses an empty name', async () => {
  const { error } = await testAgent(greeter, { input: { name: '' } })
  expect(error).toMatchObject({ name: 'InvalidInputError', retryable: false })
})
