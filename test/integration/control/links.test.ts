/** Links by which a person without an account answers, or reads a result. */
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { controlStep } from '../../../shared/app/control/control-step.ts'
import { createKey, revokeKey } from '../../../shared/app/keys/manage-keys.ts'
import { createLink, listLinks, revokeLink } from '../../../shared/app/links/manage-links.ts'
import { findLink, lookAtLink, useLink } from '../../../shared/app/links/open-link.ts'
import { approveStep } from '../../../shared/app/tasks/approve-step.ts'
import { cancelTask } from '../../../shared/app/tasks/cancel-task.ts'
import { finishTask } from '../../../shared/app/tasks/finish-task.ts'
import { retryTask } from '../../../shared/app/tasks/retry-task.ts'
import { submitTask } from '../../../shared/app/tasks/submit-task.ts'
import { LINK_SECONDS } from '../../../shared/contracts/link-requests.ts'
import { type Caller, SCOPES } from '../../../shared/domain/caller.ts'
import { isOrchestratorError } from '../../../shared/domain/errors.ts'
import { makeAgent } from '../../support/agents/make-agent.ts'
import { callerOf } from '../../support/stores/callers.ts'
import { seedWorkflow } from '../../support/stores/seed-task.ts'
import { startStores } from '../../support/stores/start-stores.ts'

let stores: Awaited<ReturnType<typeof startStores>>
beforeAll(async () => {
  stores = await startStores()
})
afterAll(() => stores.stop())

let calls = 0
const control = (taskId: string, at: 'begin' | 'end', execution = 1) => {
  const fence = `${String(execution).padStart(4, '0')}.${String(++calls).padStart(6, '0')}`
  return controlStep(stores.ports)({
    ...{ taskId, execution, fence, owner: `o${fence}`, at, path: 's', token: `t${fence}` },
  })
}
const oidc = (subject: string): Caller => ({
  ...{ tenant: 'default', subject, issuer: 'https://id', scopes: SCOPES, kind: 'oidc' },
})
const [ada, bob, carol] = [oidc('ada'), oidc('bob'), oidc('carol')]

/** The ports, at a time that a test sets. */
let later = 0
const at = () => ({
  ...stores.ports,
  opensLinks: true,
  clock: { now: () => new Date(stores.ports.clock.now().getTime() + later * 1_000) },
})

async function asked(rule: object = {}): Promise<string> {
  const approval = { prompt: 'Go?', timeoutSeconds: 30 * 86_400, ...rule }
  const workflow = await seedWorkflow(stores.ports, { steps: { s: { approval } }, agents: [makeAgent()] })
  const { taskId } = await submitTask(stores.ports)({ workflow, input: {}, metadata: {} }, ada)
  await control(taskId, 'begin')
  return taskId
}
const make = (id: string, by: Caller = bob, more: object = {}) => {
  const wanted = { action: 'answer' as const, stepId: 's', expiresInSeconds: LINK_SECONDS.usual }
  return createLink(at())({ id, ...wanted, ...more }, by)
}
type Made = { path: string }
const partsOf = ({ path }: Made): [name: string, secret: string] => {
  const [, name = '', secret = ''] = /\/links\/([^?]+)\?secret=(.+)$/.exec(path) ?? []
  return [name, secret]
}
const outcome = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'done',
    (error: unknown) => (isOrchestratorError(error) ? error.name : String(error)),
  )
const look = async (made: Made) => lookAtLink(at(), await findLink(at(), ...partsOf(made)))
const use = async (made: Made, decision?: string, more: object = {}) =>
  useLink(at(), await findLink(at(), ...partsOf(made)), { decision, ...more })
const answerOf = async (taskId: string) =>
  (await stores.ports.steps.findSteps(taskId, ['s']))[0]?.approval?.answer

describe('a link to an approval', () => {
  it('shows what is asked, and answers it as one of who has made it (link/L4)', async () => {
    const taskId = await asked({ value: { text: 'long' }, edit: {} })
    const made = await make(taskId)
    expect(await look(made)).toMatchObject({
      ...{ action: 'answer', taskId, stepId: 's', prompt: 'Go?', choices: ['approve', 'reject'] },
      ...{ value: { text: 'long' }, editable: true, madeBy: 'bob' },
    })
    expect(await use(made, 'approve', { value: { text: 'short' } })).toMatchObject({
      answer: { decision: 'approve', by: `link/${made.linkId}`, madeBy: 'bob' },
    })
    expect(await answerOf(taskId)).toMatchObject({
      kind: 'link',
      madeBy: 'bob',
      edited: { text: '{"text":"short"}' },
    })
    expect(await listLinks(at())({ id: taskId }, carol)).toMatchObject({
      links: [{ linkId: made.linkId, status: 'used', madeBy: 'bob' }],
    })
  })

  it('keeps a digest of its secret only, and opens by nothing else (link/L1)', async () => {
    const taskId = await asked()
    const [one, other] = [await make(taskId), await make(taskId)]
    const [name, secret] = partsOf(one)
    const stored = await stores.ports.links.findLink({ taskId, id: one.linkId })
    expect(JSON.stringify(stored)).not.toContain(secret)
    expect(JSON.stringify(await listLinks(at())({ id: taskId }, bob))).not.toContain(secret)
    expect(secret).toMatch(/^[\w-]{43}$/)
    const wrong = [
      [name, partsOf(other)[1]],
      [name, 'x'.repeat(43)],
      [`${'0'.repeat(26)}-${name.slice(27)}`, secret],
      [name.replace('-', ''), secret],
    ] as const
    for (const [named, shown] of wrong)
      expect(await outcome(findLink(at(), named, shown))).toBe('NotFoundError')
  })

  it('changes nothing by being looked at, however often (link/L3)', async () => {
    const taskId = await asked()
    const made = await make(taskId)
    const before = await stores.ports.links.findLink({ taskId, id: made.linkId })
    for (let looks = 0; looks < 5; looks++) await look(made)
    expect(await stores.ports.links.findLink({ taskId, id: made.linkId })).toEqual(before)
    expect(await answerOf(taskId)).toBeUndefined()
  })

  it('that offers one choice says nothing else', async () => {
    const taskId = await asked()
    const made = await make(taskId, bob, { decision: 'reject' })
    expect(await look(made)).toMatchObject({ choices: ['reject'] })
    expect(await outcome(use(made, 'approve'))).toBe('InvalidInputError')
    expect(await use(made)).toMatchObject({ answer: { decision: 'reject' } })
  })

  it.each<[string, object, Caller, object, string]>([
    ['the submitter, with notBy', { notBy: 'submitter' }, ada, {}, 'ForbiddenError'],
    ['another, with notBy', { notBy: 'submitter' }, bob, {}, 'done'],
    ['who is no approver', { approvers: ['ada'] }, bob, {}, 'ForbiddenError'],
    ['an approver', { approvers: ['bob'] }, bob, {}, 'done'],
    ['another tenant', {}, callerOf('other'), {}, 'NotFoundError'],
    ['a choice that there is not', {}, bob, { decision: 'maybe' }, 'InvalidInputError'],
    ['a step that does not ask', {}, bob, { stepId: 'other' }, 'NotFoundError'],
    ['no step', {}, bob, { stepId: undefined }, 'InvalidInputError'],
    ['a step for a result', {}, bob, { action: 'result' }, 'InvalidInputError'],
  ])('is made by %s: %s', async (_who, rule, by, more, told) => {
    const taskId = await asked(rule)
    expect(await outcome(make(taskId, by, more))).toBe(told)
    expect(await stores.ports.links.listLinks(taskId)).toHaveLength(told === 'done' ? 1 : 0)
  })

  it('is not made where no door is open to it', async () => {
    const taskId = await asked()
    const wanted = { action: 'answer' as const, stepId: 's', expiresInSeconds: 60 }
    const behindIam = createLink({ ...at(), opensLinks: false })
    expect(await outcome(behindIam({ id: taskId, ...wanted }, bob))).toBe('ConflictError')
  })

  it('does nothing once its maker could not decide any more (link/L4)', async () => {
    const taskId = await asked({ notBy: 'submitter' })
    const made = await make(taskId)
    await cancelTask(stores.ports)({ id: taskId, reason: 'again' }, carol)
    await retryTask(stores.ports)({ id: taskId }, bob)
    await control(taskId, 'begin', 2)
    expect(await outcome(use(made, 'approve'))).toBe('ConflictError')
    const asker = await make(taskId, carol)
    await cancelTask(stores.ports)({ id: taskId, reason: 'again' }, bob)
    expect(await outcome(look(asker))).toBe('ConflictError')
  })

  it('of a key does nothing when the key is revoked', async () => {
    const key = await createKey({ ...stores.ports, takesKeys: true })({ name: 'k', scopes: ['admin'] }, bob)
    const taskId = await asked()
    const made = await make(taskId, { tenant: 'default', kind: 'key', subject: key.id, scopes: SCOPES })
    await revokeKey(stores.ports)({ id: key.id }, bob)
    expect(await outcome(use(made, 'approve'))).toBe('ConflictError')
    expect(await outcome(look(made))).toBe('ConflictError')
    expect(await answerOf(taskId)).toBeUndefined()
  })

  it('does nothing while its tenant is being deleted (tenant-deletion/E3)', async () => {
    const taskId = await asked()
    const made = await make(taskId)
    const deletion = { tenant: 'default', requestedAt: '', tasks: 0, records: 0, revision: 1 }
    const deleting = { ...stores.ports.tenants, findDeletion: async () => deletion }
    const link = await findLink(at(), ...partsOf(made))
    const told = /what it belongs to is being deleted/
    await expect(lookAtLink({ ...at(), tenants: deleting }, link)).rejects.toThrow(told)
    await expect(useLink({ ...at(), tenants: deleting }, link, { decision: 'approve' })).rejects.toThrow(told)
    expect(await answerOf(taskId)).toBeUndefined()
    expect(await outcome(use(made, 'approve'))).toBe('done')
  })

  it('answers the question of its making, and no later one of the step (link/L5)', async () => {
    const taskId = await asked()
    const made = await make(taskId)
    await cancelTask(stores.ports)({ id: taskId, reason: 'again' }, ada)
    await retryTask(stores.ports)({ id: taskId }, ada)
    await control(taskId, 'begin', 2)
    expect([await outcome(look(made)), await outcome(use(made, 'approve'))]).toEqual([
      'ConflictError',
      'ConflictError',
    ])
    expect(await answerOf(taskId)).toBeUndefined()
  })
})

/** What happens to one link and its question, in any order; a reference says what must come of it. */
const EVENTS = [
  'look',
  'approve',
  'reject',
  'approve',
  'revoke',
  'expire',
  'answer',
  'cancel',
  'both',
] as const
type Event = (typeof EVENTS)[number]

type State = 'open' | 'revoked' | 'expired' | 'cancelled'

describe('the protocol of a link (link/L2, link/L3)', () => {
  it('agrees with a reference, in whatever order things happen', async () => {
    const seen = new Set<string>()
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom(...EVENTS), { minLength: 1, maxLength: 6 }),
        async (events) => {
          later = 0
          const taskId = await asked()
          const made = await make(taskId)
          let [used, state, answer]: [string | undefined, State, string | undefined] = [
            undefined,
            'open',
            undefined,
          ]
          const uses = (decision: string): string => {
            if (used !== undefined && used !== decision) return 'ConflictError'
            if (used === undefined && state !== 'open') return 'ConflictError'
            if (state === 'cancelled') return 'ConflictError'
            used = decision
            if (answer !== undefined && answer !== `link ${decision}`) return 'ConflictError'
            answer = `link ${decision}`
            return 'done'
          }
          const does: Record<Event, () => Promise<[string, string]>> = {
            look: async () => [
              await outcome(look(made)),
              state === 'open' && used === undefined && answer === undefined ? 'done' : 'ConflictError',
            ],
            approve: async () => [await outcome(use(made, 'approve')), uses('approve')],
            reject: async () => [await outcome(use(made, 'reject')), uses('reject')],
            revoke: async () => {
              const told = await outcome(revokeLink(at())({ id: taskId, linkId: made.linkId }, bob))
              const wanted = used === undefined ? 'done' : 'ConflictError'
              if (used === undefined && state === 'open') state = 'revoked'
              return [told, wanted]
            },
            expire: async () => {
              later = LINK_SECONDS.usual
              if (state === 'open') state = 'expired'
              return ['done', 'done']
            },
            answer: async () => {
              const wanted =
                state === 'cancelled' || (answer !== undefined && answer !== 'carol')
                  ? 'ConflictError'
                  : 'done'
              if (wanted === 'done') answer = 'carol'
              const request = { id: taskId, stepId: 's', decision: 'approve', by: 'api' }
              return [await outcome(approveStep(stores.ports)(request, carol)), wanted]
            },
            cancel: async () => {
              const told = await outcome(cancelTask(stores.ports)({ id: taskId, reason: 'over' }, ada))
              const wanted = state === 'cancelled' ? told : 'done'
              state = 'cancelled'
              return [told, wanted]
            },
            // Raced: exactly one of two uses that say otherwise may have an effect.
            both: async () => {
              const told = await Promise.all([outcome(use(made, 'approve')), outcome(use(made, 'reject'))])
              const isFree = used === undefined && state === 'open'
              const kept = (await answerOf(taskId))?.decision
              if (isFree) {
                const link = await stores.ports.links.findLink({ taskId, id: made.linkId })
                const digest = stores.ports.ids.digest(JSON.stringify(['approve', null, null]))
                used = link?.used?.digest === digest ? 'approve' : 'reject'
                if (answer === undefined) answer = `link ${kept}`
                return [
                  `${told.filter((one) => one === 'done').length} ${kept === used || answer === 'carol'}`,
                  answer === 'carol' ? '0 true' : '1 true',
                ]
              }
              const wanted = [uses('approve'), uses('reject')]
              return [told.join(), wanted.join()]
            },
          }
          for (const event of events) {
            const [told, wanted] = await does[event]()
            expect(told, `${event} of ${events.join(', ')}`).toBe(wanted)
            seen.add(`${event} ${told}`)
          }
          const kept = await answerOf(taskId)
          const by = kept && (kept.kind === 'link' ? `link ${kept.decision}` : kept.by)
          expect(by).toBe(answer)
        },
      ),
      { numRuns: 80 },
    )
    later = 0
    for (const one of [
      'approve done',
      'approve ConflictError',
      'look done',
      'look ConflictError',
      'revoke done',
      'revoke ConflictError',
      'both 1 true',
    ])
      expect([...seen]).toContain(one)
  })
})

describe('a link to a result', () => {
  async function done(): Promise<string> {
    const workflow = await seedWorkflow(stores.ports, {
      steps: { s: { emit: { type: 'done', data: 7 } } },
      output: { n: '{% $steps.s %}' },
      agents: [],
    })
    const { taskId } = await submitTask(stores.ports)({ workflow, input: {}, metadata: {} }, ada)
    await control(taskId, 'begin')
    await finishTask(stores.ports)({ name: `${taskId}-1`, ended: { status: 'SUCCEEDED' } })
    return taskId
  }
  const RESULT = { action: 'result', stepId: undefined }

  it('shows it once, and not by being looked at (link/L2, link/L3)', async () => {
    const made = await make(await done(), bob, RESULT)
    for (let looks = 0; looks < 3; looks++) expect(JSON.stringify(await look(made))).not.toContain('7}')
    const told = await Promise.all([1, 2, 3].map(() => use(made).catch(({ name }) => name)))
    expect(told.filter((one) => one !== 'ConflictError')).toEqual([{ result: { n: 7 } }])
    expect(await outcome(use(made))).toBe('ConflictError')
  })

  it('shows none before there is one', async () => {
    const made = await make(await asked(), bob, RESULT)
    expect([await outcome(look(made)), await outcome(use(made))]).toEqual(['ConflictError', 'ConflictError'])
  })
})

it('has at most a hundred for each task', async () => {
  const taskId = await asked()
  for (let count = 0; count < 100; count++) await make(taskId)
  expect(await outcome(make(taskId))).toBe('ConflictError')
})
