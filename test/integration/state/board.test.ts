import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeSnapshot, putState, restoreState } from '../../../shared/app/board/change-state.ts'
import { listStateHistory, showState, showStateKey } from '../../../shared/app/board/view-state.ts'
import { registerDeployment } from '../../../shared/app/catalogue/register-deployment.ts'
import { registerWorkflow } from '../../../shared/app/catalogue/register-workflow.ts'
import { updateState } from '../../../shared/app/state/write-state.ts'
import { cancelTask } from '../../../shared/app/tasks/cancel-task.ts'
import { forkTask } from '../../../shared/app/tasks/fork-task.ts'
import { submitTask } from '../../../shared/app/tasks/submit-task.ts'
import type { Json } from '../../../shared/domain/json.ts'
import { validateWorkflow } from '../../../shared/workflow/validate-workflow.ts'
import { makeAgent } from '../../support/agents/make-agent.ts'
import { CALLER, callerOf } from '../../support/stores/callers.ts'
import { seedTask } from '../../support/stores/seed-task.ts'
import { startStores } from '../../support/stores/start-stores.ts'

let stores: Awaited<ReturnType<typeof startStores>>
beforeAll(async () => {
  stores = await startStores()
})
afterAll(() => stores.stop())

const STEPS = { a: { capability: 'work.do', input: {} } }
const seed = (state: object = {}) => seedTask(stores.ports, { state, steps: STEPS, agents: [makeAgent()] })
const put = (id: string, key: string, value: Json, ifMatch?: string) =>
  putState(stores.ports)({ id, key, value, ifMatch }, CALLER)
const valuesOf = async (id: string) =>
  Object.fromEntries(
    (await showState(stores.ports)({ id }, CALLER)).keys.map(({ key, value }) => [key, value]),
  )

/** As a step that has written at this time. */
async function written(id: string, key: string, value: Json, at: string): Promise<void> {
  const plan = await stores.ports.plans.getPlan(id)
  const clock = { now: () => new Date(at) }
  await updateState({ ...stores.ports, clock }, { ...plan, key, by: { path: 'a', attempt: 1 } }, () => value)
}

describe('the shared state of a task, from outside', () => {
  it('shows every key with its newest version, one key, another version, and the history', async () => {
    const id = await seed({ n: { conflict: 'counter', initial: 5 } })
    await put(id, 'x', { a: 1 })
    await put(id, 'x', { a: 2 })
    const { keys, revision } = await showState(stores.ports)({ id }, CALLER)
    const by = { subject: CALLER.subject }
    expect({ keys, revision }).toEqual({
      revision: 2,
      keys: [
        { key: 'n', version: 0, conflict: 'counter', value: 5 },
        { key: 'x', version: 2, conflict: 'reject', value: { a: 2 }, at: expect.any(String), by },
      ],
    })
    const key = showStateKey(stores.ports)
    expect(await key({ id, key: 'x', version: 1 }, CALLER)).toMatchObject({ version: 1, value: { a: 1 } })
    expect(await key({ id, key: 'n' }, CALLER)).toMatchObject({ version: 0, value: 5 })
    await expect(key({ id, key: 'y' }, CALLER)).rejects.toThrow(`task ${id} has no state "y"`)
    await expect(key({ id, key: 'x', version: 3 }, CALLER)).rejects.toThrow('no version 3; the newest is 2')
    const history = listStateHistory(stores.ports)
    const first = await history({ id, key: 'x', limit: 1 }, CALLER)
    expect([first.versions.map(({ version }) => version), first.before]).toEqual([[2], 2])
    const rest = await history({ id, key: 'x', before: 2, limit: 1 }, CALLER)
    expect([rest.versions.map(({ version }) => version), rest.before]).toEqual([[1], undefined])
    expect(
      stores.recorded.events.filter(({ type, subject }) => type === 'state.changed' && subject === id),
    ).toHaveLength(2)
  })

  it('leaves out values that would fill an answer, and says how large they are', async () => {
    const id = await seed()
    const large = 'x'.repeat(1_000_000)
    for (const key of ['a', 'b', 'c', 'd', 'e']) await put(id, key, large)
    for (const _ of [1, 2, 3, 4]) await put(id, 'a', large)
    const { keys } = await showState(stores.ports)({ id }, CALLER)
    expect(keys.map(({ value, bytes }) => bytes ?? String(value).length)).toEqual([
      1_000_000, 1_000_000, 1_000_000, 1_000_000, 1_000_002,
    ])
    expect(keys.at(-1)?.value).toBeUndefined()
    const page = (before?: number) =>
      listStateHistory(stores.ports)({ id, key: 'a', limit: 20, before }, CALLER)
    const first = await page()
    expect([first.versions.map(({ version }) => version), first.before]).toEqual([[5, 4, 3, 2], 2])
    const rest = await page(first.before)
    expect([rest.versions.map(({ version }) => version), rest.before]).toEqual([[1], undefined])
  })

  it('refuses a value that was made from another version (change/P3)', async () => {
    const id = await seed()
    await put(id, 'x', 1, '0')
    await put(id, 'x', 2, '"1"')
    await expect(put(id, 'x', 3, '1')).rejects.toMatchObject({
      name: 'ConflictError',
      message: `state "x" of task ${id} is at version 2, not 1: read it again`,
    })
    expect(await valuesOf(id)).toEqual({ x: 2 })
  })

  it('is not found by another tenant', async () => {
    const id = await seed()
    await put(id, 'x', 1)
    const other = callerOf('acme')
    await expect(showState(stores.ports)({ id }, other)).rejects.toThrow(`there is no task ${id}`)
    await expect(putState(stores.ports)({ id, key: 'x', value: 2 }, other)).rejects.toThrow(
      `there is no task ${id}`,
    )
    await expect(restoreState(stores.ports)({ id, at: '2026-01-01T00:00:00Z' }, other)).rejects.toThrow(
      'there is no task',
    )
  })

  it('is put back to a time by new versions, which can be taken back (change/P1)', async () => {
    const id = await seed({ n: { conflict: 'counter' } })
    await written(id, 'n', 1, '2026-01-01T00:00:01.000Z')
    await written(id, 'x', 'early', '2026-01-01T00:00:02.000Z')
    await written(id, 'n', 2, '2026-01-01T00:00:03.000Z')
    await written(id, 'late', true, '2026-01-01T00:00:04.000Z')
    const { id: snapshot } = await makeSnapshot(stores.ports)({ id }, CALLER)
    const { restored } = await restoreState(stores.ports)({ id, at: '2026-01-01T00:00:02Z' }, CALLER)
    expect(restored).toEqual([
      { key: 'late', from: 0, version: 2 },
      { key: 'n', from: 1, version: 3 },
    ])
    expect(await valuesOf(id)).toEqual({ n: 1, x: 'early', late: undefined })
    expect((await restoreState(stores.ports)({ id, at: '2026-01-01T00:00:02Z' }, CALLER)).restored).toEqual(
      [],
    )
    await restoreState(stores.ports)({ id, snapshot }, CALLER)
    expect(await valuesOf(id)).toEqual({ n: 2, x: 'early', late: true })
    const { versions } = await listStateHistory(stores.ports)({ id, key: 'n', limit: 20 }, CALLER)
    expect(versions.map(({ version, value, restored: from }) => [version, value, from])).toEqual([
      [4, 2, 2],
      [3, 1, 1],
      [2, 2, undefined],
      [1, 1, undefined],
    ])
    await expect(restoreState(stores.ports)({ id, snapshot: 's_none' }, CALLER)).rejects.toThrow(
      'no snapshot "s_none"',
    )
  })

  it('stays as it was when the task has ended (change/P2), and a fork begins with that of its time (fork/R6)', async () => {
    const id = await seed()
    await written(id, 'x', 'y'.repeat(40_000), '2026-01-01T00:00:01.000Z')
    await written(id, 'x', 'second', '2026-01-01T00:00:03.000Z')
    await written(id, 'later', 1, '2026-01-01T00:00:04.000Z')
    await cancelTask(stores.ports)({ id, reason: 'x' }, CALLER)
    await expect(put(id, 'x', 1)).rejects.toThrow(`task ${id} is cancelled: its state stays as it was`)
    const fork = async (at?: string) => {
      const { taskId } = await forkTask(stores.ports)({ id, at, redo: [] }, CALLER)
      return taskId
    }
    const early = await fork('2026-01-01T00:00:02Z')
    expect(await valuesOf(early)).toEqual({ x: 'y'.repeat(40_000) })
    const { keys } = await showState(stores.ports)({ id: early }, CALLER)
    expect(keys[0]).toMatchObject({ version: 1, by: { forkedFrom: id } })
    expect(await valuesOf(await fork())).toEqual({ x: 'second', later: 1 })
  })
})

describe('a new version of a workflow with shared state', () => {
  const workflowOf = (name: string, version: number, state: object) => ({
    name,
    version,
    state,
    steps: { a: { wait: { seconds: 1 } } },
  })
  const register = (workflow: ReturnType<typeof workflowOf>) =>
    registerWorkflow(stores.ports)({ name: workflow.name, workflow }, CALLER)
  const list = { type: 'array', items: { type: 'string' } }

  it('is refused while the state of a task that runs does not fit it (unfit/G1, unfit/G2)', async () => {
    await register(workflowOf('unfit', 1, { found: { schema: list } }))
    const { taskId } = await submitTask(stores.ports)({ workflow: 'unfit', input: {}, metadata: {} }, CALLER)
    await put(taskId, 'found', ['a'])
    const numbers = { found: { schema: { type: 'array', items: { type: 'number' } } } }
    await expect(register(workflowOf('unfit', 2, numbers))).rejects.toMatchObject({
      name: 'ConflictError',
      message: expect.stringContaining(
        `does not fit the new version: task ${taskId}: state found[0]: found[0] is "a"; it must be a number`,
      ),
    })
    await expect(register(workflowOf('unfit', 2, { found: { conflict: 'counter' } }))).rejects.toThrow(
      `task ${taskId}: state "found" has \`conflict: counter\``,
    )
    expect((await stores.ports.workflows.findWorkflow('unfit'))?.workflow.version).toBe(1)
    const both = { found: { schema: { anyOf: [list, { type: 'number' }] } } }
    expect(await register(workflowOf('unfit', 2, both))).toMatchObject({ version: 2 })
    await cancelTask(stores.ports)({ id: taskId, reason: 'x' }, CALLER)
    expect(await register(workflowOf('unfit', 3, numbers))).toMatchObject({ version: 3 })
  })

  it('is refused by a deployment, before anything is changed (deployment/D7)', async () => {
    const deploy = (state: object) => {
      const { workflow, issues } = validateWorkflow(workflowOf('deployed', 1, state))
      if (!workflow) throw new Error(JSON.stringify(issues))
      return registerDeployment(stores.ports)({
        agents: [{ manifest: makeAgent(), functionArn: makeAgent().functionArn }],
        workflows: [
          { workflow, stateMachineArn: 'arn:aws:states:us-east-1:1:stateMachine:deployed', gates: [] },
        ],
      })
    }
    await deploy({ found: { schema: list } })
    const { taskId } = await submitTask(stores.ports)(
      { workflow: 'deployed', input: {}, metadata: {} },
      CALLER,
    )
    await put(taskId, 'found', ['a'])
    await expect(deploy({ found: { schema: { type: 'number' } } })).rejects.toThrow(
      `task ${taskId}: state found`,
    )
    expect((await stores.ports.workflows.findWorkflow('deployed'))?.workflow.state?.found?.schema).toEqual(
      list,
    )
  })
})
