/** Approvals that are given with changes. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { controlStep } from '../../../shared/app/control/control-step.ts'
import { approveStep } from '../../../shared/app/tasks/approve-step.ts'
import { listApprovals } from '../../../shared/app/views/list-approvals.ts'
import { showTaskStep } from '../../../shared/app/views/read-tasks.ts'
import type { Json } from '../../../shared/domain/json.ts'
import { testWorkflow } from '../../../testing/index.ts'
import { makeAgent } from '../../support/agents/make-agent.ts'
import { CALLER } from '../../support/stores/callers.ts'
import { seedTask } from '../../support/stores/seed-task.ts'
import { startStores } from '../../support/stores/start-stores.ts'

let stores: Awaited<ReturnType<typeof startStores>>
beforeAll(async () => {
  stores = await startStores()
})
afterAll(() => stores.stop())

let calls = 0
const control = (taskId: string, at: 'begin' | 'end') => {
  const fence = String(++calls).padStart(6, '0')
  return controlStep(stores.ports)({
    ...{ taskId, execution: 1, fence, owner: `o${fence}`, at, path: 's', token: 'x' },
  })
}
const TEXT = { type: 'object', required: ['text'], properties: { text: { type: 'string', minLength: 1 } } }
/** A kilobyte by default, for each empty object. */
const PAD = { type: 'string', default: 'x'.repeat(1_000) }
const PADDED = { type: 'array', items: { type: 'object', properties: { pad: PAD } } }
async function asked(more: object): Promise<string> {
  const approval = { prompt: 'Send?', timeoutSeconds: 60, ...more }
  const taskId = await seedTask(stores.ports, { steps: { s: { approval } }, agents: [makeAgent()] })
  await control(taskId, 'begin')
  return taskId
}
const answer = (id: string, value?: Json, by = 'ada') =>
  approveStep(stores.ports)({ id, stepId: 's', decision: 'approve', by, value }, CALLER)
const shown = (id: string) => showTaskStep(stores.ports)({ id, stepId: 's' }, CALLER)

describe('an answer with a value (approval/O15)', () => {
  it('is kept as edited, with the digests of what was shown and of what was given; the output has it', async () => {
    const taskId = await asked({ value: { text: 'long' }, edit: TEXT })
    expect((await shown(taskId)).input).toEqual({ prompt: 'Send?', value: { text: 'long' } })
    const told = await answer(taskId, { text: 'short' })
    expect(told).toMatchObject({ decision: 'approve', edited: { digest: expect.any(String) } })
    await control(taskId, 'end')
    const { approval, output } = await shown(taskId)
    expect(output).toEqual({
      ...{ decision: 'approve', by: 'ada', at: expect.any(String) },
      ...{ value: { text: 'short' }, edited: true },
    })
    const digest = stores.ports.ids.digest('{"text":"short"}')
    expect(approval?.answer).toMatchObject({ shown: expect.any(String), edited: { digest } })
    expect(JSON.stringify(approval)).not.toContain('"text"')
  })

  it.each([
    ['without one', undefined],
    ['with the same', { text: 'long' }],
  ])('%s is none: the output has what was shown', async (_what, value) => {
    const taskId = await asked({ value: { text: 'long' }, edit: TEXT })
    expect(await answer(taskId, value)).not.toHaveProperty('edited')
    await control(taskId, 'end')
    expect((await shown(taskId)).output).toMatchObject({ value: { text: 'long' }, edited: false })
  })

  it.each<[string, object, Json, string]>([
    ['that does not fit the schema', { value: { text: 'a' }, edit: TEXT }, { text: '' }, 'value.text'],
    ['that lacks a member', { value: { text: 'a' }, edit: TEXT }, {}, 'value.text'],
    ['where the value stays as it is', { value: { text: 'a' } }, { text: 'b' }, 'says nothing of `edit`'],
    ['where none is shown', {}, 'b', 'shows no value'],
    ['that is too large', { value: 'a', edit: {} }, 'x'.repeat(65_536), 'it has 65538 bytes'],
    [
      'that is too large with its defaults',
      { value: 'a', edit: PADDED },
      Array(90).fill({}),
      'defaults of `edit`',
    ],
    [
      'that refers to a file of another tenant',
      { value: 'a', edit: {} },
      { $file: 'files/@other/a/b.csv' },
      'has not been uploaded',
    ],
  ])('is refused %s, and the question stays', async (_what, step, value, told) => {
    const taskId = await asked(step)
    await expect(answer(taskId, value)).rejects.toMatchObject({
      name: 'InvalidInputError',
      message: expect.stringContaining(told),
    })
    expect(await answer(taskId)).toMatchObject({ decision: 'approve' })
  })

  it('is answered once: a repeat tells the same, and another value is refused', async () => {
    const taskId = await asked({ value: 1, edit: { type: 'number' } })
    const first = await answer(taskId, 2)
    expect(await answer(taskId, 2)).toEqual(first)
    for (const other of [3, undefined])
      await expect(answer(taskId, other)).rejects.toMatchObject({ name: 'ConflictError' })
  })

  it('may be of a value that stands in an object of its own, and that no list shows', async () => {
    const text = 'x'.repeat(40_000)
    const taskId = await asked({ value: { text }, edit: TEXT })
    const { approvals } = await listApprovals(stores.ports)({ limit: 100 }, CALLER)
    const listed = approvals.find((one) => one.taskId === taskId)
    expect(listed).toMatchObject({ editable: true })
    expect(JSON.stringify(listed).length).toBeLessThan(1_000)
    expect((await shown(taskId)).input).toMatchObject({ value: { text } })
    await answer(taskId, { text: `${text}y` })
    await control(taskId, 'end')
    expect((await shown(taskId)).output).toMatchObject({ value: { text: `${text}y` } })
  })
})

describe('steps behind it', () => {
  const workflow = {
    name: 'letter',
    steps: {
      draft: { capability: 'echo', input: { text: 'long' } },
      sign_off: {
        approval: {
          prompt: 'Send?',
          value: '{% $steps.draft.text %}',
          edit: { type: 'string' },
          timeoutSeconds: 60,
        },
      },
      send: {
        capability: 'echo',
        when: "{% $steps.sign_off.decision = 'approve' %}",
        input: { text: '{% $steps.sign_off.value %}', edited: '{% $steps.sign_off.edited %}' },
      },
    },
  }
  const agents = { echo: (input: unknown) => input as Json }

  it.each([
    [{ value: 'short' }, { text: 'short', edited: true }],
    [{}, { text: 'long', edited: false }],
  ])('have the value as it was decided: %j', async (more, output) => {
    const run = await testWorkflow(workflow, { agents, approvals: { sign_off: { by: 'ada', ...more } } })
    expect(run.steps.send?.output).toEqual(output)
  })
})
