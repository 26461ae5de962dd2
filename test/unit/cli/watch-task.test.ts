import { expect, it } from 'vitest'
import { taskTree, type WatchedTask } from '../../../cli/show/watch-task.ts'
import type { StepView } from '../../../shared/contracts/views.ts'

const step = (stepId: string, status: StepView['status']): StepView => ({
  stepId,
  status,
  needs: [],
  attempts: [],
})
const task: WatchedTask = {
  taskId: 't_1',
  status: 'running',
  workflow: { name: 'w', version: 1 },
  createdAt: new Date().toISOString(),
  metadata: {},
  execution: { name: 't_1-1', arn: 'arn', stateMachineArn: 'arn' },
  links: {},
  steps: [
    step('first', 'succeeded'),
    step('ask', 'waiting'),
    ...Array.from({ length: 30 }, (_, at) => step(`s${at}`, 'pending')),
    step('last', 'running'),
  ],
}

it('shows every step where there is room', () => {
  expect(taskTree(task).split('\n')).toHaveLength(34)
})

it('keeps the task, who waits and what runs where there is little room, and counts the rest', () => {
  const lines = taskTree(task, 8).split('\n')
  expect(lines).toHaveLength(7)
  expect(lines[0]).toContain('t_1')
  expect(lines[1]).toContain('ask')
  expect(lines.at(-2)).toContain('last')
  expect(lines.at(-1)).toBe('  ... and 27 pending, 1 succeeded')
})

it('says of a fan-out how many of its items are done, and how many have failed', () => {
  const items = { total: 1_000, running: 40, succeeded: 15, failed: 2 }
  const [, line] = taskTree({ ...task, steps: [{ ...step('each', 'running'), items } as never] }).split('\n')
  expect(line).toContain('17 of 1000, 2 failed')
})

it('says which agents have done the items of a fan-out, where not only its own has, and in whose place one is', () => {
  const items = { total: 2, running: 0, succeeded: 2, failed: 0, agents: { price: 1, guess: 1 } }
  const decision = {
    ...{ stepId: 's', capability: 'c', chosen: 'guess', reason: '', candidates: [] },
    inPlaceOf: [{ agentId: 'price', why: 'failed this step' }],
  }
  const steps: StepView[] = [
    { ...step('each', 'succeeded'), items },
    { ...step('s', 'succeeded'), agentId: 'guess', decision },
  ]
  const [, fanOut, one] = taskTree({ ...task, steps }).split('\n')
  expect(fanOut).toContain('2 of 2 (price 1, guess 1)')
  expect(one).toContain('guess  in place of price')
})

it('says of a step that is held why, and until when', () => {
  const until = new Date(2026, 10, 28, 12, 34, 56).toISOString()
  const held = { reason: 'agent writer has failed 5 times in a row', since: until, until }
  const [, line] = taskTree({ ...task, steps: [{ ...step('a', 'running'), held }] }).split('\n')
  expect(line).toContain('held until 12:34:56: agent writer has failed 5 times in a row')
})

it('shows what agents and users have said without what a terminal would obey', () => {
  const told: StepView = {
    ...step('ask', 'waiting'),
    held: { reason: '\u009b2Jbusy', since: task.createdAt },
    progress: { fraction: 0.5, note: '\u202ehalf' },
    approval: { prompt: '\u001b]0;title\u0007', choices: ['\u009bA'], expiresAt: task.createdAt },
  }
  const shown = taskTree({ ...task, steps: [told] })
  expect(shown).toContain('busy')
  expect(shown).not.toMatch(/[^\P{C}\n]/u)
})
