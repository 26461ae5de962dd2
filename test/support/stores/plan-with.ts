import type { Plan } from '../../../shared/ports/index.ts'

/** A plan of a workflow without steps, except for what is given. */
export const planWith = (more: Partial<Plan> = {}): Plan => ({
  taskId: 't',
  tenant: 'default',
  requestDigest: 'd',
  metadata: {},
  stateMachineArn: 'arn:aws:states:us-east-1:1:stateMachine:w',
  workflow: { name: 'w', version: 1, description: '', taskTypes: [], steps: {} },
  input: {},
  bindings: {},
  decisions: [],
  gates: [],
  ...more,
})
