import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Ownership, Steps } from '../../shared/ports/index.ts'
import { openTask } from '../support/stores/open-task.ts'
import { startStores } from '../support/stores/start-stores.ts'

let steps: Steps
let rival: Steps
let stop: () => Promise<void>

beforeAll(async () => {
  const stores = await startStores()
  steps = stores.ports.steps
  rival = stores.stepsOfAnother()
  stop = stores.stop
})
afterAll(() => stop())

const claim = (taskId: string, fence: string, owner = `o${fence}`): Ownership => ({
  taskId,
  path: 's',
  owner,
  fence,
})
const start = { agentId: 'a', startedAt: '2026-01-01T00:00:00.000Z' }
const end = { status: 'succeeded', endedAt: '2026-01-01T00:00:01.000Z', output: { inline: '1' } } as const

describe('steps', () => {
  it('gives a step to the highest fence (steps/P1)', async () => {
    const { id } = openTask()
    expect(await steps.takeOverStep(claim(id, '2'), start)).toMatchObject({ kind: 'owned' })
    expect(await steps.takeOverStep(claim(id, '1'), start)).toMatchObject({ kind: 'superseded' })
    expect(await steps.takeOverStep(claim(id, '3'), start)).toMatchObject({
      kind: 'owned',
      step: { fence: '3' },
    })
  })

  it('lets only the owner write (steps/P3)', async () => {
    const { id } = openTask()
    await steps.takeOverStep(claim(id, '1'), start)
    await steps.takeOverStep(claim(id, '2'), start)
    const attempt = { agentId: 'a', startedAt: 'x', endedAt: 'y', error: { name: 'E', message: 'e' } }
    expect(await steps.addAttempt(claim(id, '1'), attempt)).toBe(false)
    expect(await steps.endStep(claim(id, '1'), end)).toBe(false)
    expect(await steps.addAttempt(claim(id, '2'), attempt)).toBe(true)
    expect(await steps.endStep(claim(id, '2'), end)).toBe(true)
    expect(await steps.findSteps(id, ['s', 'none'])).toMatchObject([
      { status: 'succeeded', output: { inline: '1' }, attempts: [attempt] },
    ])
  })

  it('never takes over a step that succeeded (steps/P2)', async () => {
    const { id } = openTask()
    await steps.takeOverStep(claim(id, '1'), start)
    await steps.endStep(claim(id, '1'), end)
    expect(await steps.takeOverStep(claim(id, '9'), start)).toMatchObject({
      kind: 'final',
      step: { status: 'succeeded' },
    })
  })

  it('reads other workers’ changes until a step has succeeded, and caches that record (steps/P4)', async () => {
    const { id } = openTask()
    const [mine, other, again] = [claim(id, '1'), claim(id, '2'), claim(id, '3')]
    const found = async () => (await steps.findSteps(id, ['s']))[0]
    await steps.takeOverStep(mine, start)
    expect(await found()).toMatchObject({ status: 'running' })
    await rival.takeOverStep(other, start)
    await rival.endStep(other, { status: 'failed', endedAt: 'z', error: { name: 'E', message: 'e' } })
    expect(await found()).toMatchObject({ status: 'failed' })
    await rival.takeOverStep(again, start)
    await rival.endStep(again, end)
    const succeeded = await found()
    expect(succeeded).toMatchObject({ status: 'succeeded', output: end.output })
    expect(await rival.takeOverStep(claim(id, '4'), start)).toMatchObject({ kind: 'final' })
    expect(await found()).toEqual(succeeded)
  })

  it('takes over a failed step only by a higher fence, as a redrive has (steps/P2)', async () => {
    const { id } = openTask()
    await steps.takeOverStep(claim(id, '1'), start)
    await steps.endStep(claim(id, '1'), {
      status: 'failed',
      endedAt: 'z',
      error: { name: 'E', message: 'e' },
    })
    expect(await steps.takeOverStep(claim(id, '1'), start)).toMatchObject({ kind: 'final' })
    const again = await steps.takeOverStep(claim(id, '2'), start)
    expect(again).toMatchObject({ kind: 'owned', step: { status: 'running' } })
    expect(again.step.error).toBeUndefined()
  })

  it('keeps the first answer to an approval, and only while the step runs (approval/O4)', async () => {
    const { id } = openTask()
    const own = claim(id, '1')
    await steps.takeOverStep(own, start)
    const answer = (by: string, until?: string) =>
      steps.answerApproval(id, 's', { decision: 'yes', by, at: '2026' }, until)
    expect(await answer('nobody asked')).toBeUndefined()
    const asked = { prompt: 'Go?', choices: ['yes', 'no'], expiresAt: '2027', token: 't' }
    expect(await steps.askApproval(own, asked)).toBe(true)
    expect(await steps.askApproval(claim(id, '0'), asked)).toBe(false)
    expect(await answer('late', '2026')).toBeUndefined()
    const both = await Promise.all([answer('ada', '2027'), answer('bob')])
    expect(both.filter(Boolean)).toHaveLength(1)
    await steps.takeOverStep(claim(id, '2'), start)
    const [record] = await steps.findSteps(id, ['s'])
    expect(record?.approval).toMatchObject({ ...asked, answer: { decision: 'yes' } })
  })

  it('keeps the latest rating of a step that has succeeded, and tells each writer the one before', async () => {
    const { id } = openTask()
    const own = claim(id, '1')
    await steps.takeOverStep(own, start)
    const rating = (score: number) => ({ score, by: 'ada', at: '2026', comment: 'so' })
    expect(await steps.rateStep(id, 'other', rating(1))).toBeUndefined()
    expect(await steps.rateStep(id, 's', rating(1))).toBeUndefined()
    const evaluation = {
      score: 0.5,
      checks: [{ kind: 'rule' as const, name: 'it', score: 0.5, reason: 'half' }],
    }
    await steps.endStep(own, { status: 'succeeded', output: { inline: '1' }, evaluation, endedAt: '2026' })
    const scores = [0.1, 0.2, 0.3, 0.4]
    const before = await Promise.all(scores.map((score) => steps.rateStep(id, 's', rating(score))))
    const [record] = await steps.listSteps(id)
    expect(record).toMatchObject({ evaluation, rating: { by: 'ada', comment: 'so' } })
    // The adapter remembers the step as it has ended.
    const [fresh] = await steps.findSteps(id, ['s'], { fresh: true })
    expect(fresh?.rating).toEqual(record?.rating)
    const told = [...before.map((one) => one?.rating?.score ?? 0), record?.rating?.score ?? 0]
    expect(told.toSorted()).toEqual([0, ...scores])
  })

  it('keeps the items of a fan-out for the attempt that owns it (steps/P3)', async () => {
    const { id } = openTask()
    await steps.takeOverStep(claim(id, '1'), start)
    expect(await steps.noteStep(claim(id, '1'), { items: { inline: '[1,2]' } })).toBe(true)
    expect(await steps.noteStep(claim(id, '0'), { items: { inline: '[3]' } })).toBe(false)
    expect((await steps.findSteps(id, ['s']))[0]).toMatchObject({ items: { inline: '[1,2]' } })
  })

  it('keeps the agent that the rebinder has chosen when the step is taken over', async () => {
    const { id } = openTask()
    await steps.takeOverStep(claim(id, '1'), { ...start, agentId: 'chosen', reboundBy: '1' })
    const { step } = await steps.takeOverStep(claim(id, '2'), { startedAt: start.startedAt })
    expect(step).toMatchObject({ agentId: 'chosen', reboundBy: '' })
  })

  it('has one owner after any number of concurrent take-overs (steps/P1)', async () => {
    const { id } = openTask()
    const fences = Array.from({ length: 20 }, (_, index) => String(index).padStart(3, '0'))
    await Promise.all(fences.map((fence) => steps.takeOverStep(claim(id, fence), start)))
    const ends = await Promise.all(fences.map((fence) => steps.endStep(claim(id, fence), end)))
    expect(ends.map((done, index) => (done ? fences[index] : '')).filter(Boolean)).toEqual(['019'])
  })

  it('keeps the input of its latest run, apart from its record (steps/P5)', async () => {
    const { id } = openTask()
    const input = { inline: '{"a":1}' }
    await steps.takeOverStep(claim(id, '1'), { ...start, begun: { input, calledVersion: '1.0.0' } })
    expect(await steps.findInputs(id, ['s', 'other'])).toEqual(new Map([['s', input]]))
    const [record] = await rival.findSteps(id, ['s'])
    expect(record).toMatchObject({ calledVersion: '1.0.0' })
    expect(record).not.toHaveProperty('input')
    // The rebinder takes it over without calling an agent: what it had failed with stays.
    const rebound = await steps.takeOverStep(claim(id, '2'), { ...start, agentId: 'b', reboundBy: '2' })
    expect(rebound.step).not.toHaveProperty('calledVersion')
    expect(await steps.findInputs(id, ['s'])).toEqual(new Map([['s', input]]))
    await steps.takeOverStep(claim(id, '3'), { ...start, begun: { input: undefined } })
    expect(await steps.findInputs(id, ['s'])).toEqual(new Map())
    await steps.noteStep(claim(id, '3'), { child: 't_1', input: { inline: '2' } })
    expect(await steps.findInputs(id, ['s'])).toEqual(new Map([['s', { inline: '2' }]]))
  })

  it('is taken over without its input where the record has no room for it (steps/P5)', async () => {
    const { id } = openTask()
    await steps.takeOverStep(claim(id, '1'), start)
    const items = { inline: 'x'.repeat(407_000) }
    await steps.noteStep(claim(id, '1'), { items })
    const begun = { input: { inline: 'y'.repeat(4_000) }, calledVersion: '1.0.0' }
    expect(await steps.takeOverStep(claim(id, '2'), { ...start, begun })).toMatchObject({
      kind: 'owned',
      step: { calledVersion: '1.0.0', items },
    })
    expect(await steps.findInputs(id, ['s'])).toEqual(new Map())
  })
})
