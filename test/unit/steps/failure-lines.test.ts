import { expect, it } from 'vitest'
import { rebindStep } from '../../../shared/app/steps/rebind-step.ts'
import type { LostFacts } from '../../../shared/domain/failure-facts.ts'
import { failureFacts } from '../../../shared/domain/failure-facts.ts'
import { hostInMemory } from '../../support/agents/host-in-memory.ts'
import { makeAgent } from '../../support/agents/make-agent.ts'
import { seedTask } from '../../support/stores/seed-task.ts'

it.each<[string, string, object]>([
  ['AgentFailedError', 'Error: the bank is closed', { errorMessage: 'Error: the bank is closed' }],
  [
    'StepTimedOutError',
    'Authorization: Bearer abcdefghijklmnop1234',
    { errorMessage: expect.not.stringContaining('abcdefghijkl') },
  ],
  ['InvalidInputError', 'expression {% $input.iban %}', { see: "npx orchestrator explain t 'each[2]'" }],
  ['AgentOutputError', 'text: "DE02", expected', { see: "npx orchestrator explain t 'each[2]'" }],
])('a line of the log about %s says: its message, masked, or where it is told', (name, message, said) => {
  expect(failureFacts({ taskId: 't', path: 'each[2]' }, { name, message })).toEqual({
    errorName: name,
    ...said,
  })
})

it('a message in the log is bounded', () => {
  const facts = failureFacts({ taskId: 't', path: 'a' }, { name: 'HttpError', message: 'x'.repeat(1e6) })
  expect(JSON.stringify(facts).length).toBeLessThan(2_100)
})

it('an attempt whose host has crashed is told, also where that ends the task', async () => {
  const { ports } = hostInMemory()
  const taskId = await seedTask(ports, {
    steps: { a: { capability: 'work.do' } },
    agents: [makeAgent()],
    input: {},
  })
  const own = { taskId, path: 'a', owner: 'host', fence: '0001.0000.500000000000000.0000' }
  await ports.steps.takeOverStep(own, { agentId: 'worker', startedAt: '2026-01-01T00:00:00.000Z' })
  const told: LostFacts[] = []
  const call = {
    ...{ taskId, execution: 1, path: 'a', owner: 'rebinder', fence: '0001.0000.500000000000001.0000' },
    error: {
      Error: 'Runtime.ExitError',
      Cause: JSON.stringify({ errorMessage: 'RequestId: 1 Error: Runtime exited' }),
    },
  }
  await expect(
    rebindStep(ports)(
      call,
      () => {},
      (lost) => told.push(lost),
    ),
  ).rejects.toThrow()
  expect(told).toEqual([
    {
      executionArn: expect.stringContaining(taskId),
      agentId: 'worker',
      attempt: 1,
      errorName: 'Runtime.ExitError',
      errorMessage: expect.stringContaining('Runtime exited'),
    },
  ])
})
