import { describe, expect, it } from 'vitest'
import { listTranscript } from '../../../../shared/app/views/read-transcript.ts'
import { loopingAgent, modelHost, thinkingAgent } from '../../../support/agents/model-host.ts'
import { CALLER } from '../../../support/stores/callers.ts'

const tool = {
  name: 'look',
  description: 'looks',
  schema: { type: 'object' },
  run: async () => 'seen',
}

describe('the transcript of a step', () => {
  it('has each call by what is new in it, and what came of it (transcript/R2)', async () => {
    const world = modelHost([{ calls: [{ name: 'look', input: {} }] }, 'done'])
    const taskId = await world.seed()
    await world.invoke(loopingAgent({ tools: [tool], system: 'be brief' }), taskId)
    const ask = { id: taskId, stepId: 'a', limit: 10 }
    const { calls } = await listTranscript(world.ports)(ask, CALLER)
    expect(calls).toMatchObject([
      {
        attempt: 1,
        agentId: 'worker',
        model: 'default',
        modelId: 'scripted-default',
        finish: 'tools',
        continues: false,
        request: {
          system: ['be brief'],
          messages: [{ role: 'user', parts: [{ kind: 'text', text: 'go' }] }],
          tools: [{ name: 'look' }],
          maxOutputTokens: 100,
        },
        answer: { parts: [{ kind: 'tool-call', name: 'look' }] },
      },
      { continues: true, finish: 'stop', answer: { parts: [{ kind: 'text', text: 'done' }] } },
    ])
    expect(calls[1]?.request).toEqual({
      messages: [
        { role: 'assistant', parts: [expect.objectContaining({ kind: 'tool-call' })] },
        { role: 'user', parts: [expect.objectContaining({ kind: 'tool-result', output: 'seen' })] },
      ],
      maxOutputTokens: 100,
    })
    const page = await listTranscript(world.ports)({ ...ask, limit: 1 }, CALLER)
    const { cursor } = page
    expect(page.calls).toEqual(calls.slice(0, 1))
    expect((await listTranscript(world.ports)({ ...ask, cursor }, CALLER)).calls).toEqual(calls.slice(1))
    const other = { ...CALLER, tenant: 'other' }
    await expect(listTranscript(world.ports)(ask, other)).rejects.toMatchObject({ name: 'NotFoundError' })
    const none = { ...ask, stepId: 'b' }
    await expect(listTranscript(world.ports)(none, CALLER)).rejects.toMatchObject({ name: 'NotFoundError' })
  })

  it('has the calls that have failed, of every attempt', async () => {
    const world = modelHost(({ nth }) => (nth === 1 ? { fails: 'ModelRefusedError' } : 'fine'))
    const agent = thinkingAgent(async (_input, { model }) => {
      const asked = { prompt: 'x', maxOutputTokens: 10 }
      const { text } = await model.generate(asked).catch(() => model.generate(asked))
      return text
    })
    const taskId = await world.seed()
    await world.invoke(agent, taskId)
    const { calls } = await listTranscript(world.ports)({ id: taskId, stepId: 'a', limit: 10 }, CALLER)
    expect(calls.map(({ errorName, finish }) => errorName ?? finish)).toEqual(['ModelRefusedError', 'stop'])
    expect(calls[0]).not.toHaveProperty('answer')
    expect(calls[0]?.errorMessage).toContain('scripted for call 1')
    expect(calls[1]).not.toHaveProperty('errorMessage')
  })

  it('is bounded (transcript/R3)', async () => {
    const agent = thinkingAgent(async (_input, { model }) => {
      const messages = Array.from({ length: 40 }, (_, at) => ({
        role: at % 2 === 0 ? ('user' as const) : ('assistant' as const),
        parts: [{ kind: 'text' as const, text: `${at}`.padEnd(20_000, 'x') }],
      }))
      const { finish } = await model.generate({ messages, maxOutputTokens: 10 })
      return finish
    })
    const big = modelHost(['fine'], { contextTokens: 2_000_000 })
    const bigTask = await big.seed()
    await big.invoke(agent, bigTask)
    const { calls } = await listTranscript(big.ports)({ id: bigTask, stepId: 'a', limit: 10 }, CALLER)
    expect(calls).toHaveLength(1)
    const text = JSON.stringify(calls)
    expect(text.length).toBeLessThan(300_000)
    expect(text).toContain('characters left out')
  })

  it('that cannot be kept, or is switched off, costs no step (transcript/R1)', async () => {
    for (const hosts of [
      {
        transcripts: {
          addEntry: () => Promise.reject(new Error('throttled')),
          listEntries: async () => ({ entries: [] }),
        },
      },
      { keepTranscripts: false },
    ]) {
      const world = modelHost(['fine'])
      const taskId = await world.seed()
      const agent = thinkingAgent(async (_input, { model }) => {
        const { text } = await model.generate({ prompt: 'x', maxOutputTokens: 10 })
        return text
      })
      await world.invoke(agent, taskId, { hosts })
      expect(await world.output(taskId)).toBe('fine')
      const { calls } = await listTranscript(world.ports)({ id: taskId, stepId: 'a', limit: 10 }, CALLER)
      expect(calls).toEqual([])
    }
  })
})
