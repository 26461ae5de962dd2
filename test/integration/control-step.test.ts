import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { approveStep } from '../../shared/app/approve-step.ts'
import { controlStep } from '../../shared/app/control-step.ts'
import { makeAgent } from '../support/make-agent.ts'
import { seedTask } from '../support/seed-task.ts'
import { startStores } from '../support/start-stores.ts'

let stores: Awaited<ReturnType<typeof startStores>>
beforeAll(async () => {
  stores = await startStores()
})
afterAll(() => stores.stop())

let calls = 0
const control = (taskId: string, at: 'begin' | 'end', token?: string) => {
  const fence = String(++calls).padStart(6, '0')
  const call = { taskId, path: 's', fence, owner: `o${fence}`, at }
  return controlStep(stores.ports)(token === undefined ? call : { ...call, token })
}
const seed = (step: object) => seedTask(stores.ports, { steps: { s: step }, agents: [makeAgent()] })
const stepOf = async (taskId: string) => (await stores.ports.tasks.findSteps(taskId, ['s']))[0]

describe('controlStep', () => {
  it('emits an event of its own type, once, however often it is called (O1)', async () => {
    const taskId = await seed({ emit: { type: 'report.ready', data: { pages: 3 } } })
    expect(await control(taskId, 'begin')).toMatchObject({ status: 'succeeded' })
    expect(await control(taskId, 'begin')).toMatchObject({ status: 'succeeded' })
    const emitted = stores.recorded.events.filter(
      ({ type, subject }) => type === 'custom' && subject === taskId,
    )
    expect(emitted).toMatchObject([
      { id: `${taskId}/s/custom`, data: { path: 's', type: 'report.ready', data: { pages: 3 } } },
    ])
  })

  it.each([null, '5', -1, true])('refuses to wait for %j seconds', async (seconds) => {
    const taskId = await seed({ wait: { seconds: `{% ${JSON.stringify(seconds)} %}` } })
    await expect(control(taskId, 'begin')).rejects.toMatchObject({ name: 'InvalidInputError' })
    expect(await stepOf(taskId)).toMatchObject({ status: 'failed' })
  })

  it('tells whoever answers too late that time has decided (O4)', async () => {
    const taskId = await seed({ approval: { prompt: 'Go?', timeoutSeconds: 1, onTimeout: 'reject' } })
    expect(await control(taskId, 'begin', 'token')).toEqual({})
    expect(await control(taskId, 'end')).toMatchObject({ status: 'succeeded' })
    const late = approveStep(stores.ports)({ id: taskId, stepId: 's', decision: 'approve', by: 'ada' })
    await expect(late).rejects.toMatchObject({
      name: 'ConflictError',
      message: expect.stringContaining('timeout has decided "reject"'),
    })
  })

  it('asks again after a crash, and wakes the state at once when somebody has answered meanwhile', async () => {
    const taskId = await seed({ approval: { prompt: 'Go?', timeoutSeconds: 60 } })
    await control(taskId, 'begin', 'first')
    await approveStep(stores.ports)({ id: taskId, stepId: 's', decision: 'approve', by: 'ada' })
    await control(taskId, 'begin', 'second')
    expect(stores.recorded.woken.slice(-2)).toEqual(['first', 'second'])
    await control(taskId, 'end')
    expect((await stepOf(taskId))?.output).toMatchObject({ inline: expect.stringContaining('"by":"ada"') })
  })

  it('wakes the state of an approval that is skipped (O3)', async () => {
    const taskId = await seed({ when: '{% false %}', approval: { prompt: 'Go?', timeoutSeconds: 60 } })
    expect(await control(taskId, 'begin', 'skipped')).toMatchObject({ status: 'skipped' })
    expect(stores.recorded.woken.at(-1)).toBe('skipped')
  })
})
