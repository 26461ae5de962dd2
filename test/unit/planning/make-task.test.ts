import { describe, expect, it } from 'vitest'
import { makePlan } from '../../../shared/app/planning/make-plan.ts'
import { makeTask } from '../../../shared/app/tasks/make-task.ts'
import { isOpenTask, TaskSchema, type TaskTerms, termsIn } from '../../../shared/domain/task.ts'
import { validateWorkflow } from '../../../shared/workflow/validate-workflow.ts'

/** Every term of a task: a new one in the type that is missing here is a type error. */
const TERMS: Required<TaskTerms> = {
  tenant: 'default',
  goal: 'Compare rivers',
  type: 'report',
  requestDigest: 'digest',
  metadata: { project: 'x' },
  budget: { usd: 2 },
  deadline: '2026-12-01T00:00:00.000Z',
  priority: 0,
  forkedFrom: { taskId: 't_1', at: '2026-11-01T00:00:00.000Z' },
  submittedBy: [{ subject: 'u-7', kind: 'oidc', issuer: 'https://id' }],
}

function planWith(terms: TaskTerms) {
  const { workflow } = validateWorkflow({ name: 'w', steps: { s: { capability: 'work.do' } } })
  if (!workflow) throw new Error('no workflow')
  return makePlan({
    ...terms,
    taskId: 't_2',
    workflow,
    input: {},
    machine: { stateMachineArn: 'arn:m', gates: [], positions: undefined },
    chosen: { bindings: {}, decisions: [] },
    prefer: undefined,
  })
}

describe('a task', () => {
  it('has every term of its plan, and is stored as it is', () => {
    const task = makeTask(planWith(TERMS), { status: 'queued', createdAt: '2026-11-28T00:00:00.000Z' })
    expect(termsIn(task)).toEqual(TERMS)
    expect(task).toEqual({
      ...TERMS,
      id: 't_2',
      status: 'queued',
      workflow: { name: 'w', version: 1 },
      stateMachineArn: 'arn:m',
      execution: 1,
      createdAt: '2026-11-28T00:00:00.000Z',
    })
    expect(TaskSchema.parse(task)).toEqual(task)
    expect(isOpenTask(task)).toBe(true)
  })

  it('has no member without a value: such a one is no part of an item', () => {
    const { tenant, requestDigest, metadata } = TERMS
    const plan = planWith({ tenant, requestDigest, metadata, type: undefined })
    const task = makeTask(plan, { status: 'running', createdAt: '', parent: undefined })
    for (const record of [plan, task]) expect(Object.values(record)).not.toContain(undefined)
    expect(termsIn(task)).toEqual({ tenant, requestDigest, metadata })
  })

  it('takes no other members from a request', () => {
    const request = { type: 'report', constructor: 'x', input: {}, metadata: { constructor: 'y' } }
    expect(termsIn(request)).toStrictEqual({ type: 'report', metadata: { constructor: 'y' } })
  })
})
