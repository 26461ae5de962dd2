/** Approvals of tasks that are retried or forked with changes: which count, and which are asked anew. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { controlStep } from '../../../shared/app/control/control-step.ts'
import { approveStep } from '../../../shared/app/tasks/approve-step.ts'
import { cancelTask } from '../../../shared/app/tasks/cancel-task.ts'
import { finishTask } from '../../../shared/app/tasks/finish-task.ts'
import { forkTask } from '../../../shared/app/tasks/fork-task.ts'
import { retryTask } from '../../../shared/app/tasks/retry-task.ts'
import { eventsOfStep } from '../../../shared/domain/events-of-step.ts'
import { makeAgent } from '../../support/agents/make-agent.ts'
import { CALLER } from '../../support/stores/callers.ts'
import { seedTask } from '../../support/stores/seed-task.ts'
import { startStores } from '../../support/stores/start-stores.ts'

let stores: Awaited<ReturnType<typeof startStores>>
beforeAll(async () => {
  stores = await startStores()
})
afterAll(() => stores.stop())

const approval = { prompt: 'Publish {% $steps.draft %}?', timeoutSeconds: 3_600 }
const work = { capability: 'work.do', input: { q: 'x' } }
const STEPS = {
  draft: work,
  aside: work,
  ok: { approval },
  publish: { ...work, needs: ['ok', 'aside'] },
  tell: { ...work, needs: ['publish'] },
  apart: work,
}
const changed = (steps: object) => ({ workflow: { name: 'mended', steps: { ...STEPS, ...steps } } })

let entries = 0
const fenceOf = (execution: number): string =>
  `${String(execution).padStart(4, '0')}.0000.${String(++entries).padStart(15, '0')}.0000`
async function doStep(taskId: string, path: string, execution: number, fails = false) {
  const own = { taskId, path, owner: 'o', fence: fenceOf(execution) }
  const at = new Date().toISOString()
  const taken = await stores.ports.steps.takeOverStep(own, { agentId: 'worker', startedAt: at })
  const error = { name: 'AgentFailedError', message: 'boom' }
  await stores.ports.steps.endStep(
    own,
    fails
      ? { status: 'failed', endedAt: at, error }
      : { status: 'succeeded', endedAt: at, output: { inline: '1' } },
  )
  return taken.kind
}
const control = (taskId: string, at: 'begin' | 'end', execution: number) =>
  controlStep(stores.ports)({
    ...{ taskId, execution, path: 'ok', fence: fenceOf(execution), owner: `o${entries}`, at, token: 'x' },
  })
const approve = (id: string, by: string) =>
  approveStep(stores.ports)({ id, stepId: 'ok', decision: 'approve', by }, CALLER)
const recordOf = async (taskId: string, path = 'ok') =>
  (await stores.ports.steps.findSteps(taskId, [path], { fresh: true }))[0]

/** A task whose approval was given by ada, and whose last of these steps has failed. */
async function failed(...done: string[]): Promise<string> {
  const taskId = await seedTask(stores.ports, { steps: STEPS, agents: [makeAgent()] })
  await doStep(taskId, 'draft', 1)
  await doStep(taskId, 'aside', 1)
  await control(taskId, 'begin', 1)
  await approve(taskId, 'ada')
  await control(taskId, 'end', 1)
  for (const [at, path] of done.entries()) await doStep(taskId, path, 1, at === done.length - 1)
  await finishTask(stores.ports)({ name: `${taskId}-1`, ended: { status: 'FAILED' } })
  return taskId
}

/** Whether the approval is asked again when its state begins in this execution; `ada` where it counts. */
async function asked(taskId: string, execution: number): Promise<string> {
  const { status } = await control(taskId, 'begin', execution)
  const record = await recordOf(taskId)
  if (status === 'succeeded') return record?.approval?.answer?.by ?? 'nobody'
  expect(record).toMatchObject({ status: 'running' })
  expect(record?.approval).not.toHaveProperty('answer')
  expect(record).not.toHaveProperty('output')
  return 'asks'
}

const table: [what: string, wishes: object, told: 'ada' | 'asks'][] = [
  ['as it was', {}, 'ada'],
  ['with another input of a step behind it', { steps: { publish: { input: { q: 'y' } } } }, 'asks'],
  ['with another agent for it', { steps: { publish: { agent: 'worker' } } }, 'ada'],
  ['with another input of a step far behind it', { steps: { tell: { input: { q: 'y' } } } }, 'asks'],
  ['with another input of a step beside it', { steps: { apart: { input: { q: 'y' } } } }, 'ada'],
  [
    'with another definition of a step behind it',
    changed({ tell: { ...work, needs: ['publish'], retry: { maxAttempts: 2 } } }),
    'asks',
  ],
  [
    'with another question',
    changed({ ok: { approval: { ...approval, prompt: 'Pay {% $steps.draft %}?' } } }),
    'asks',
  ],
  ['with another approver', changed({ ok: { approval: { ...approval, approvers: ['bob'] } } }), 'asks'],
  [
    'with the same question in other words',
    changed({ ok: { approval: { ...approval, prompt: "{% 'Publish ' & $string($steps.draft) & '?' %}" } } }),
    'ada',
  ],
  ['with more time to answer', changed({ ok: { approval: { ...approval, timeoutSeconds: 60 } } }), 'ada'],
]

describe('an approval that was given (approvals-anew/N1, approvals-anew/N2)', () => {
  it.each(table)('and a retry %s', async (_what, wishes, told) => {
    const taskId = await failed('publish')
    await retryTask(stores.ports)({ id: taskId, ...wishes }, CALLER)
    expect(await asked(taskId, 2)).toBe(told)
  })

  it.each([
    ...table,
    ['that does a step behind it again', { redo: ['publish'] }, 'ada'],
    ['that does a step again whose output one behind it has', { redo: ['aside'] }, 'asks'],
    ['that does a step again whose output it shows', { redo: ['draft'] }, 'asks'],
    ['that does a step beside it again', { redo: ['apart'] }, 'ada'],
  ] as typeof table)('and a fork %s', async (_what, wishes, told) => {
    const original = await failed('publish')
    const { taskId } = await forkTask(stores.ports)({ id: original, redo: [], ...wishes }, CALLER)
    // What runs again in a fork has no record.
    if (!(await recordOf(taskId, 'draft'))) await doStep(taskId, 'draft', 1)
    expect(await asked(taskId, 1)).toBe(told)
    expect((await recordOf(original))?.approval?.answer).toMatchObject({ by: 'ada' })
  })

  it('is answered anew: the step has the new answer, for every worker, and its history both', async () => {
    const taskId = await failed('publish')
    await retryTask(stores.ports)({ id: taskId, steps: { publish: { input: { q: 'y' } } } }, CALLER)
    await control(taskId, 'begin', 2)
    const ids = stores.recorded.events.flatMap(({ id, type, subject }) =>
      type === 'approval.requested' && subject === taskId ? [id] : [],
    )
    expect(ids).toEqual([`${taskId}/ok/approval.requested`, `${taskId}/ok/2/approval.requested`])
    await approve(taskId, 'bob')
    await control(taskId, 'end', 2)
    // A repeated call asks nothing more.
    expect(await asked(taskId, 2)).toBe('bob')
    const [cached] = await stores.ports.steps.findSteps(taskId, ['ok'])
    expect(cached).toMatchObject({
      status: 'succeeded',
      output: { inline: expect.stringContaining('"bob"') },
      undone: [{ number: 1, answer: { by: 'ada', decision: 'approve' } }],
    })
    if (!cached) throw new Error('no record')
    const ends = eventsOfStep({ taskId, tenant: 'default' }, cached).filter(
      (one) => one.type === 'step.succeeded',
    )
    expect(ends.map(({ id }) => id)).toEqual([`${taskId}/ok/step.succeeded`, `${taskId}/ok/2/step.succeeded`])
  })

  it('stays to be asked where the retry that changed something has ended before', async () => {
    const taskId = await failed('publish')
    await retryTask(stores.ports)({ id: taskId, steps: { publish: { input: { q: 'y' } } } }, CALLER)
    await cancelTask(stores.ports)({ id: taskId, reason: 'later' }, CALLER)
    await retryTask(stores.ports)({ id: taskId }, CALLER)
    expect(await asked(taskId, 3)).toBe('asks')
    await approve(taskId, 'bob')
    await control(taskId, 'end', 3)
    await cancelTask(stores.ports)({ id: taskId, reason: 'later' }, CALLER)
    await retryTask(stores.ports)({ id: taskId }, CALLER)
    expect(await asked(taskId, 4)).toBe('bob')
  })

  it('and a fork of a retry that has not asked yet is asked', async () => {
    const original = await failed('publish')
    await retryTask(stores.ports)({ id: original, steps: { publish: { input: { q: 'y' } } } }, CALLER)
    const { taskId } = await forkTask(stores.ports)({ id: original, redo: [] }, CALLER)
    expect(await asked(taskId, 1)).toBe('asks')
  })

  it('lets nothing run again that has succeeded behind it (approvals-anew/N3)', async () => {
    const original = await failed('publish', 'tell')
    const wishes = { steps: { tell: { input: { q: 'y' } } } }
    const { taskId: fork } = await forkTask(stores.ports)({ id: original, redo: [], ...wishes }, CALLER)
    await retryTask(stores.ports)({ id: original, ...wishes }, CALLER)
    for (const [taskId, execution] of [
      [original, 2],
      [fork, 1],
    ] as const) {
      expect(await asked(taskId, execution)).toBe('asks')
      expect(await doStep(taskId, 'publish', execution)).toBe('final')
    }
  })
})
