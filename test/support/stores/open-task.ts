import type { OpenTask } from '../../../shared/domain/task.ts'

let count = 0

/** A running task; each one is a second younger than the previous, but for those whose ids are given: these are made by the thousand. */
export const openTask = (more: Partial<OpenTask> = {}): OpenTask => ({
  id: `t_${String(more.id === undefined ? ++count : count).padStart(26, '0')}`,
  status: 'running',
  tenant: 'default',
  workflow: { name: 'w', version: 1 },
  stateMachineArn: 'arn:aws:states:us-east-1:1:stateMachine:w',
  execution: 1,
  requestDigest: 'd',
  createdAt: new Date(Date.UTC(2026, 0, 1, 0, 0, count)).toISOString(),
  metadata: {},
  ...more,
})
