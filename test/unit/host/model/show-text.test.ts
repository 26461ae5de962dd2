import { describe, expect, it } from 'vitest'
import { showTask } from '../../../../shared/app/views/read-tasks.ts'
import { platformTimer } from '../../../../shared/domain/timer.ts'
import { gatedModels } from '../../../../shared/host/model/model-gate.ts'
import type { ModelRequest } from '../../../../shared/ports/models.ts'
import { modelHost, thinkingAgent } from '../../../support/agents/model-host.ts'
import { CALLER } from '../../../support/stores/callers.ts'

const agent = thinkingAgent(async (_input, { model }) => {
  const { text } = await model.generate({ prompt: 'x', maxOutputTokens: 10_000 })
  return text
})

/** A model whose text comes when the test says so. */
function slowModel() {
  const begun = Promise.withResolvers<NonNullable<ModelRequest['onText']>>()
  const ended = Promise.withResolvers<void>()
  const settings = {
    default: { provider: 'bedrock' as const, id: 'm', contextTokens: 100_000, structured: 'tool' as const },
  }
  const models = gatedModels({
    settings,
    async generate({ onText = () => {} }) {
      begun.resolve(onText)
      await ended.promise
      return {
        parts: [{ kind: 'text', text: 'the end' }],
        finish: 'stop',
        usage: { inputTokens: 1, outputTokens: 1 },
        modelId: 'm',
      }
    },
  })
  return { models, begun: begun.promise, end: ended.resolve }
}

/** The running step, with its writes of text. */
async function running({ watched, fails = false }: { watched: boolean; fails?: boolean }) {
  const world = modelHost([])
  const taskId = await world.seed()
  const task = showTask(world.ports)
  if (watched) await task({ id: taskId, watch: true }, CALLER)
  const { models, begun, end } = slowModel()
  const writes: string[] = []
  const steps = {
    ...world.ports.steps,
    async setSaid(...[own, text]: Parameters<typeof world.ports.steps.setSaid>) {
      writes.push(text)
      if (fails) throw new Error('throttled')
      await world.ports.steps.setSaid(own, text)
    },
  }
  const answer = world.invoke(agent, taskId, { hosts: { models, steps, timer: platformTimer } })
  const say = await begun
  const said = async () => (await task({ id: taskId }, CALLER)).steps[0]?.said
  return { world, taskId, writes, say, said, end, answer }
}

describe('what a model says', () => {
  it('is seen at once, then by and by, by one who watches (watched-text/W1, watched-text/W2)', async () => {
    const { say, said, writes, end, answer } = await running({ watched: true })
    expect(await said()).toBeUndefined()
    say('Once')
    await expect.poll(said, { timeout: 1_000 }).toBe('Once')
    for (const word of [' upon', ' a', ' time']) say(word)
    await expect.poll(said, { timeout: 2_000 }).toBe('Once upon a time')
    expect(writes).toEqual(['Once', 'Once upon a time'])
    say('x'.repeat(5_000))
    await expect.poll(() => writes.length, { timeout: 400 }).toBe(3)
    expect(writes[2]).toHaveLength(4_000)
    end()
    await answer
    expect(await said()).toBeUndefined()
  })

  it('is not written while nobody watches (watched-text/W1)', async () => {
    const { say, said, writes, end, answer } = await running({ watched: false })
    say('x'.repeat(10_000))
    end()
    await answer
    expect(writes).toEqual([])
    expect(await said()).toBeUndefined()
  })

  it('costs no call where it cannot be shown (watched-text/W3)', async () => {
    const { world, taskId, say, writes, end, answer } = await running({ watched: true, fails: true })
    say('Once')
    end()
    await answer
    expect(writes.length).toBeGreaterThan(0)
    expect(await world.output(taskId)).toBe('the end')
  })
})

describe('a task that is watched', () => {
  it('is marked once in a while, and not after its end', async () => {
    const world = modelHost([])
    const taskId = await world.seed()
    let marks = 0
    const tasks = {
      ...world.ports.tasks,
      async markWatched(...asked: Parameters<typeof world.ports.tasks.markWatched>) {
        marks += 1
        await world.ports.tasks.markWatched(...asked)
      },
    }
    for (let look = 0; look < 5; look++)
      await showTask({ ...world.ports, tasks })({ id: taskId, watch: true }, CALLER)
    expect(marks).toBe(1)
    const task = await world.ports.tasks.findTask(taskId)
    expect(task?.watchedUntil).toBe(new Date(world.clock.now() + 30_000).toISOString())
  })
})
