import { type AgentTest, testAgent } from 'orchestrator/testing'
import { describe, expect, it } from 'vitest'
import languageAgent from '../../../functions/agents/language/index.ts'

const OUTPUT = { text: 'Refunds take ten days.\nGifts are "never" refunded.', engine: 'llm:scripted-default' }
const judge = (models: AgentTest['models'], more: object = {}) =>
  testAgent(languageAgent, {
    capability: 'evaluate.judge',
    input: { output: OUTPUT, rubric: 'It answers when refunds are paid.', ...more },
    ...(models ? { models } : {}),
  })
const answer = (quotes: readonly string[], score = 0.75) => ({
  value: { score, reasons: ['It names the days.'], quotes: [...quotes] },
})

describe('evaluate.judge', () => {
  it('scores an output by the rubric, with the quotations that stand in it (judge/J1, judge/J2)', async () => {
    const quotes = ['Refunds take ten days', 'Gifts are "never" refunded', 'nowhere in it']
    const run = await judge({ judge: [answer(quotes)] })
    expect(run.output).toEqual({
      score: 0.75,
      reasons: ['It names the days.'],
      quotes: ['Refunds take ten days', 'Gifts are "never" refunded'],
      unfounded: 1,
      judgedItself: false,
      engine: 'llm:scripted-judge',
    })
    const [call] = run.modelCalls
    expect(call?.model).toBe('judge')
    expect(call?.system.join('\n')).toContain('It answers when refunds are paid.')
    expect(JSON.stringify(call?.messages)).toContain('Gifts are')
    expect(call?.system.join('\n')).not.toContain('Gifts are')
  })

  it('fails where no quotation stands in the output (judge/J1)', async () => {
    const run = await judge({ judge: [answer(['nowhere in it'])] })
    expect(run.error).toMatchObject({
      name: 'ModelOutputError',
      message: 'llm:scripted-judge has judged with 1 quotations, and none of them stands in the output',
    })
  })

  it('takes the model that is asked for, and says where it judges itself', async () => {
    const run = await judge([answer([])], { model: 'default' })
    expect(run.output).toMatchObject({ engine: 'llm:scripted-default', judgedItself: true, quotes: [] })
  })

  it('has a score from 0 to 1', async () => {
    expect((await judge(() => answer([], 7))).error?.name).toBe('ModelOutputError')
  })

  it('needs a model, and says which setting to make', async () => {
    expect((await judge(undefined)).error).toMatchObject({
      name: 'ConfigError',
      message: expect.stringContaining('set models.default in the stage'),
    })
  })
})
