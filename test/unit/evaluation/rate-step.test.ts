import { beforeEach, describe, expect, it } from 'vitest'
import { rateStep } from '../../../shared/app/tasks/rate-step.ts'
import { listTaskSteps, showTask, showTaskStep } from '../../../shared/app/views/read-tasks.ts'
import { ListStepsSchema } from '../../../shared/contracts/list-requests.ts'
import { epochsAt, sumsAt } from '../../../shared/selector/decayed-counters.ts'
import { hostInMemory } from '../../support/agents/host-in-memory.ts'
import { makeAgent } from '../../support/agents/make-agent.ts'
import { CALLER, callerOf } from '../../support/stores/callers.ts'
import { seedTask } from '../../support/stores/seed-task.ts'

let world: ReturnType<typeof hostInMemory>
let taskId: string
const start = { startedAt: '2026-01-01T00:00:00.000Z', agentId: 'worker' }
beforeEach(async () => {
  world = hostInMemory()
  const chosen = { capability: '{% $input.which %}', oneOf: ['work.do'], bind: 'late' }
  const steps = { a: { capability: 'work.do' }, b: { capability: 'work.do' }, chosen }
  taskId = await seedTask(world.ports, { steps, agents: [makeAgent()] })
})

const end = async (more: object, path = 'a') => {
  const own = { taskId, path, owner: 'o', fence: '1' }
  await world.ports.steps.takeOverStep(own, start)
  const endedAt = world.ports.clock.now().toISOString()
  const output = { inline: '"text"' }
  await world.ports.steps.endStep(own, { status: 'succeeded', output, agentId: 'worker', endedAt, ...more })
}

const rate = (stepId = 'a', caller = CALLER) =>
  rateStep(world.ports)({ id: taskId, stepId, score: 0.4, by: 'ana', comment: 'dull' }, caller)

async function quality() {
  const at = world.ports.clock.now().getTime() / 1_000
  const subject = { agentId: 'worker', version: '1.0.0', capability: 'work.do' }
  const [epochs = []] = await world.ports.statistics.find([subject], epochsAt(at))
  return sumsAt(epochs, at).quality
}

describe('a rating', () => {
  it('is kept with its step, and shown', async () => {
    const checks = [{ kind: 'rule', name: 'it', score: 0.5 }]
    await end({ agentVersion: '1.0.0', evaluation: { score: 0.5, checks } })
    // As a worker has seen it end.
    await world.ports.steps.findSteps(taskId, ['a'])
    const at = '2026-01-01T00:00:00.000Z'
    const rating = { score: 0.4, by: 'ana', comment: 'dull', at }
    expect(await rate()).toEqual({ taskId, stepId: 'a', ...rating })
    const shown = { rating, evaluation: { score: 0.5 } }
    expect(await showTaskStep(world.ports)({ id: taskId, stepId: 'a' }, CALLER)).toMatchObject(shown)
    expect((await showTask(world.ports)({ id: taskId }, CALLER)).steps[0]).toMatchObject(shown)
    const list = await listTaskSteps(world.ports)(ListStepsSchema.parse({ id: taskId }), CALLER)
    expect(list.steps[0]).toMatchObject(shown)
    expect(await quality()).toBeCloseTo(-0.1)
  })

  it.each([
    ['a token', { kind: 'oidc', subject: 'u-7' }, 'u-7'],
    ['a token whose subject is the name of a key', { kind: 'oidc', subject: 'key/1' }, 'oidc/key/1'],
    ['a token whose subject is an ARN', { kind: 'oidc', subject: 'arn:aws:x' }, 'oidc/arn:aws:x'],
    ['a key', { kind: 'key', subject: '1' }, 'key/1'],
    ['a user of IAM', { kind: 'iam', subject: 'arn:aws:iam::1:user/eve' }, 'arn:aws:iam::1:user/eve'],
  ] as const)('is of who asks, whatever the body says: %s', async (_what, who, by) => {
    await end({})
    expect(await rate('a', { ...CALLER, ...who })).toMatchObject({ by })
  })

  it.each([
    ['took its output from another', { reused: { taskId: 't', path: 'a' } }],
    ['went on without its agent', { degraded: 'it failed' }],
    ['called no agent', {}],
  ])('of a step that %s says nothing about the agent (rating/S2)', async (_what, more) => {
    await end('degraded' in more ? { ...more, agentVersion: '1.0.0' } : more)
    expect(await rate()).toMatchObject({ score: 0.4 })
    expect(await quality()).toBe(0)
  })

  it('of a step that has chosen its capability is for what it was called for (rating/S1)', async () => {
    const late = { capability: "{% 'work.' & $input.verb %}", oneOf: ['work.do'], bind: 'late' as const }
    taskId = await seedTask(world.ports, { steps: { a: late }, agents: [makeAgent()] })
    const own = { taskId, path: 'a', owner: 'o', fence: '1' }
    await world.ports.steps.takeOverStep(own, { ...start, capability: 'work.do' })
    await end({ agentVersion: '1.0.0' })
    await rate()
    expect(await quality()).toBeCloseTo(-0.6)
  })

  it('is kept where the statistics cannot be corrected, and is not counted later (rating/S3)', async () => {
    await end({ agentVersion: '1.0.0' })
    const { statistics } = world.ports
    const down = {
      ...world.ports,
      statistics: { ...statistics, correct: () => Promise.reject(new Error('down')) },
    }
    const asked = { id: taskId, stepId: 'a', score: 0.4, by: 'ana' }
    expect(await rateStep(down)(asked, CALLER)).toMatchObject({ score: 0.4 })
    await rate()
    expect(await quality()).toBe(0)
  })

  it('corrects the statistics of the capability that was chosen for the step (rating/S1)', async () => {
    await end({ agentVersion: '1.0.0', capability: 'work.do' }, 'chosen')
    await rate('chosen')
    expect(await quality()).toBeCloseTo(-0.6)
  })

  it('is refused for a step without an output, which is told with its status', async () => {
    await world.ports.steps.takeOverStep({ taskId, path: 'a', owner: 'o', fence: '1' }, start)
    await expect(rate()).rejects.toMatchObject({
      name: 'ConflictError',
      message: `step "a" of task ${taskId} is running: a rating is of the output of a step that has succeeded`,
    })
  })

  it('of a step that is not there names those that are', async () => {
    await end({})
    await expect(rate('aa')).rejects.toMatchObject({
      name: 'NotFoundError',
      message: expect.stringContaining('has no step "aa"'),
    })
  })

  it('is for the task of the own tenant only', async () => {
    await end({})
    await expect(rate('a', callerOf('other'))).rejects.toMatchObject({ name: 'NotFoundError' })
  })
})
