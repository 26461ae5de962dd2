import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { controlStep } from '../../../shared/app/control/control-step.ts'
import { createKey, revokeKey, rotateKey } from '../../../shared/app/keys/manage-keys.ts'
import { approveStep } from '../../../shared/app/tasks/approve-step.ts'
import { cancelTask } from '../../../shared/app/tasks/cancel-task.ts'
import { forkTask } from '../../../shared/app/tasks/fork-task.ts'
import { retryTask } from '../../../shared/app/tasks/retry-task.ts'
import { submitTask } from '../../../shared/app/tasks/submit-task.ts'
import { listApprovals } from '../../../shared/app/views/list-approvals.ts'
import { type Caller, mayDo, SCOPES, type Scope } from '../../../shared/domain/caller.ts'
import { isOrchestratorError } from '../../../shared/domain/errors.ts'
import { makeAgent } from '../../support/agents/make-agent.ts'
import { CALLER } from '../../support/stores/callers.ts'
import { seedWorkflow } from '../../support/stores/seed-task.ts'
import { startStores } from '../../support/stores/start-stores.ts'

let stores: Awaited<ReturnType<typeof startStores>>
beforeAll(async () => {
  stores = await startStores()
})
afterAll(() => stores.stop())

let calls = 0
const control = (taskId: string, at: 'begin' | 'end', execution = 1) => {
  const fence = `${execution}.${String(++calls).padStart(6, '0')}`
  return controlStep(stores.ports)({
    ...{ taskId, execution, fence, owner: `o${fence}`, at, path: 's', token: `t${fence}` },
  })
}

const tenant = 'default'
const ACCOUNT = 'arn:aws:iam::123456789012'
const session = (role: string, name: string): string =>
  `arn:aws:sts::123456789012:assumed-role/${role}/${name}`
const oidc = (subject: string, issuer = 'https://id', scopes: readonly Scope[] = SCOPES): Caller => ({
  ...{ tenant, subject, issuer, scopes, kind: 'oidc' },
})
const iam = (subject: string, scopes: readonly Scope[] = SCOPES): Caller => ({
  ...{ tenant, subject, scopes, kind: 'iam' },
})
const key = (subject: string, scopes: readonly Scope[] = SCOPES): Caller => ({
  ...{ tenant, subject, scopes, kind: 'key' },
})
const keyBy = async (maker: Caller): Promise<Caller> => {
  const asked = { name: 'k', scopes: ['admin' as const] }
  return key((await createKey({ ...stores.ports, takesKeys: true })(asked, maker)).id)
}
const rotatedBy = async (former: Caller, by: Caller): Promise<Caller> => {
  const asked = { id: former.subject, overlapSeconds: 60 }
  return key((await rotateKey({ ...stores.ports, takesKeys: true })(asked, by)).id)
}

const ada = oidc('ada')
const bob = oidc('bob')

async function submitted(by: Caller, rule: object): Promise<string> {
  const steps = { s: { approval: { prompt: 'Go?', timeoutSeconds: 3_600, ...rule } } }
  const workflow = await seedWorkflow(stores.ports, { steps, agents: [makeAgent()] })
  return (await submitTask(stores.ports)({ workflow, input: {}, metadata: {} }, by)).taskId
}

const FOUR_EYES = { notBy: 'submitter' }
const answer = (id: string, by: Caller, said = 'api') =>
  approveStep(stores.ports)({ id, stepId: 's', decision: 'approve', by: said }, by).then(
    () => 'done',
    (error: unknown) => (isOrchestratorError(error) ? error.name : String(error)),
  )

describe('notBy: submitter (approval/O13, identity/I1, key/K6)', () => {
  const ROLE = iam(session('reviewers', 'ada'))
  type Made = () => Promise<[submits: Caller, answers: Caller]>
  const table: [what: string, made: Made, outcome: 'done' | 'ForbiddenError'][] = [
    ['another subject', async () => [ada, bob], 'done'],
    ['the same subject', async () => [ada, ada], 'ForbiddenError'],
    ['the same name at another issuer', async () => [ada, oidc('ada', 'https://b')], 'done'],
    ['a key of the submitter', async () => [ada, await keyBy(ada)], 'ForbiddenError'],
    ['the maker of the key that has submitted', async () => [await keyBy(ada), ada], 'ForbiddenError'],
    ['a key of a key of the submitter', async () => [ada, await keyBy(await keyBy(ada))], 'ForbiddenError'],
    ['two keys of one maker', async () => [await keyBy(ada), await keyBy(ada)], 'ForbiddenError'],
    ['keys of two makers', async () => [await keyBy(ada), await keyBy(bob)], 'done'],
    ['a key of another', async () => [ada, await keyBy(bob)], 'done'],
    [
      'the successor of a key, made by another',
      async () => {
        const former = await keyBy(ada)
        return [former, await rotatedBy(former, bob)]
      },
      'ForbiddenError',
    ],
    [
      'a key of the submitter, rotated by another',
      async () => [ada, await rotatedBy(await keyBy(ada), bob)],
      'ForbiddenError',
    ],
    [
      'a key whose maker was a key that is gone',
      async () => {
        const middle = await keyBy(ada)
        const last = await keyBy(middle)
        await revokeKey(stores.ports)({ id: middle.subject }, ada)
        return [ada, last]
      },
      'ForbiddenError',
    ],
    ['a key that is gone', async () => [ada, key('0'.repeat(26))], 'ForbiddenError'],
    ['another session of the role', async () => [ROLE, iam(session('reviewers', 'bob'))], 'ForbiddenError'],
    ['a session of another role', async () => [ROLE, iam(session('writers', 'ada'))], 'done'],
    [
      'the role of that name in another account',
      async () => [ROLE, iam('arn:aws:sts::210987654321:assumed-role/reviewers/ada')],
      'done',
    ],
    ['the same user', async () => [iam(`${ACCOUNT}:user/ada`), iam(`${ACCOUNT}:user/ada`)], 'ForbiddenError'],
    ['another user', async () => [iam(`${ACCOUNT}:user/ada`), iam(`${ACCOUNT}:user/bob`)], 'done'],
    // He has chosen this name himself.
    [
      'a federated user',
      async () => [iam(`${ACCOUNT}:user/ada`), iam('arn:aws:sts::123456789012:federated-user/somebody')],
      'ForbiddenError',
    ],
    ['a token where a user has submitted', async () => [iam(`${ACCOUNT}:user/ada`), ada], 'done'],
  ]

  it.each(table)('%s', async (_what, made, outcome) => {
    const [submits, answers] = await made()
    const taskId = await submitted(submits, FOUR_EYES)
    await control(taskId, 'begin')
    expect(await answer(taskId, answers)).toBe(outcome)
    const [record] = await stores.ports.steps.findSteps(taskId, ['s'])
    expect(record?.approval?.answer !== undefined).toBe(outcome === 'done')
  })

  it('lets the user of this machine answer as somebody else, and not as the submitter', async () => {
    const taskId = await submitted(ada, FOUR_EYES)
    await control(taskId, 'begin')
    for (const said of ['ada', 'https://id#ada'])
      expect(await answer(taskId, CALLER, said)).toBe('InvalidInputError')
    expect(await answer(taskId, CALLER, 'bob')).toBe('done')
  })

  it.each([
    ['who has retried it', bob],
    ['who has begun it', ada],
  ])('counts %s', async (_what, who) => {
    const taskId = await submitted(ada, FOUR_EYES)
    await control(taskId, 'begin')
    await cancelTask(stores.ports)({ id: taskId, reason: 'again' }, ada)
    await retryTask(stores.ports)({ id: taskId }, bob)
    await control(taskId, 'begin', 2)
    expect(await answer(taskId, who)).toBe('ForbiddenError')
    expect(await answer(taskId, oidc('carol'))).toBe('done')
  })

  it('counts the one who has forked it, and the one who has begun the original', async () => {
    const original = await submitted(ada, FOUR_EYES)
    const { taskId } = await forkTask(stores.ports)({ id: original, redo: [] }, bob)
    await control(taskId, 'begin')
    expect(await answer(taskId, ada)).toBe('ForbiddenError')
    expect(await answer(taskId, bob)).toBe('ForbiddenError')
    expect(await answer(taskId, oidc('carol'))).toBe('done')
  })

  it('counts those of the task that runs it as a child, also who has retried that', async () => {
    const parent = await submitted(ada, {})
    await cancelTask(stores.ports)({ id: parent, reason: 'again' }, ada)
    const id = await submitted(oidc('dora'), FOUR_EYES)
    const child = await stores.ports.tasks.findTask(id)
    if (!child) throw new Error('no task')
    const tasks = {
      ...stores.ports.tasks,
      findTask: async (taskId: string) =>
        taskId === id
          ? { ...child, parent: { taskId: parent, path: 'run', depth: 1 } }
          : stores.ports.tasks.findTask(taskId),
    }
    await control(id, 'begin')
    await retryTask(stores.ports)({ id: parent }, bob)
    const asked = { id, stepId: 's', decision: 'approve', by: 'api' }
    const ports = { ...stores.ports, tasks }
    for (const who of [ada, bob])
      await expect(approveStep(ports)(asked, who)).rejects.toMatchObject({ name: 'ForbiddenError' })
    // Who has retried a task that is gone is not known (identity/I2).
    const gone = {
      ...tasks,
      findTask: async (taskId: string) => (taskId === parent ? undefined : tasks.findTask(taskId)),
    }
    await expect(approveStep({ ...ports, tasks: gone })(asked, oidc('carol'))).rejects.toMatchObject({
      name: 'ForbiddenError',
    })
    expect(await approveStep(ports)(asked, oidc('carol'))).toMatchObject({ by: 'carol' })
  })

  it('lets nobody decide where it is not known who has submitted, as in a task of an earlier release (identity/I2)', async () => {
    const taskId = await submitted(ada, FOUR_EYES)
    const task = await stores.ports.tasks.findTask(taskId)
    if (!task) throw new Error('no task')
    await control(taskId, 'begin')
    const { submittedBy: _unknown, ...former } = task
    const tasks = { ...stores.ports.tasks, findTask: async () => former }
    const asked = { id: taskId, stepId: 's', decision: 'approve', by: 'api' }
    await expect(approveStep({ ...stores.ports, tasks })(asked, bob)).rejects.toMatchObject({
      name: 'ForbiddenError',
      message: expect.stringContaining('not known who has submitted'),
    })
  })
})

describe('who may decide, and whose an approval is (approval/O14)', () => {
  const NAMES = [
    'ada',
    'bob',
    'https://id#ada',
    'role/reviewers',
    'scope/admin',
    'scope/tasks:approve',
    'scope/audit:read',
  ]
  const someScopes = fc.subarray([...SCOPES])
  const someCaller = fc.oneof(
    fc
      .record({
        subject: fc.constantFrom('ada', 'bob', 'scope/admin'),
        issuer: fc.constantFrom('https://id', 'https://b'),
        scopes: someScopes,
      })
      .map(({ subject, issuer, scopes }) => oidc(subject, issuer, scopes)),
    fc
      .record({ name: fc.constantFrom('ada', 'bob'), scopes: someScopes })
      .map(({ name, scopes }) => iam(session('reviewers', name), scopes)),
    fc.constant(CALLER),
  )
  const rule = fc.record(
    { approvers: fc.subarray(NAMES, { minLength: 1 }), notBy: fc.constant('submitter') },
    { requiredKeys: [] },
  )

  it('is listed as mine exactly where I could answer it', async () => {
    let [listed, hidden] = [0, 0]
    await fc.assert(
      fc.asyncProperty(rule, someCaller, someCaller, async (asked, submits, answers) => {
        const taskId = await submitted(submits, asked)
        await control(taskId, 'begin')
        const mine = await listApprovals(stores.ports)({ limit: 100, mine: true }, answers)
        const isMine = mine.approvals.some((one) => one.taskId === taskId)
        // The door refuses who lacks the scope of the route.
        const done = mayDo(answers, 'tasks:approve') ? await answer(taskId, answers) : 'refused'
        expect(isMine).toBe(done === 'done')
        if (isMine) listed++
        else hidden++
        await cancelTask(stores.ports)({ id: taskId, reason: 'over' }, ada)
      }),
      { numRuns: 40 },
    )
    expect(Math.min(listed, hidden)).toBeGreaterThan(5)
  })

  it('is listed for a name exactly where the user of this machine could answer by it', async () => {
    await fc.assert(
      fc.asyncProperty(
        rule,
        someCaller,
        fc.constantFrom(...NAMES, 'carol', 'timeout'),
        async (asked, submits, name) => {
          const taskId = await submitted(submits, asked)
          await control(taskId, 'begin')
          const page = await listApprovals(stores.ports)({ limit: 100, approver: name }, CALLER)
          const isListed = page.approvals.some((one) => one.taskId === taskId)
          expect(isListed).toBe((await answer(taskId, CALLER, name)) === 'done')
          await cancelTask(stores.ports)({ id: taskId, reason: 'over' }, ada)
        },
      ),
      { numRuns: 40 },
    )
  })

  it('is none of somebody else’s by a scope, which his name does not tell', async () => {
    const taskId = await submitted(ada, { approvers: ['scope/admin'] })
    await control(taskId, 'begin')
    const forName = await listApprovals(stores.ports)({ limit: 100, approver: 'bob' }, ada)
    expect(forName.approvals.map((one) => one.taskId)).not.toContain(taskId)
    expect(await answer(taskId, oidc('bob', 'https://id', ['tasks:approve']))).toBe('ForbiddenError')
    expect(await answer(taskId, oidc('bob'))).toBe('done')
  })
})
