import { defineAgent, type Json } from 'orchestrator/agent'
import { type GivenAgents, testWorkflow } from 'orchestrator/testing'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import languageAgent from '../../../functions/agents/language/index.ts'

/** Agents that give these outputs, one a call. */
const writer = (id: string, outputs: readonly Json[]) => {
  const left = [...outputs]
  return defineAgent({
    id,
    version: '1.0.0',
    description: 'writes',
    capabilities: { 'text.draft': { description: 'writes', input: z.unknown(), output: z.unknown() } },
    execute: async () => left.shift() ?? 'no more',
  })
}

/** A judge that gives these scores; an error where one is a text. */
const judge = (scores: readonly (number | string)[], quotes: readonly string[] = []) => {
  const left = [...scores]
  return defineAgent({
    id: 'judge',
    version: '1.0.0',
    description: 'judges',
    capabilities: { 'evaluate.judge': { description: 'judges', input: z.unknown(), output: z.unknown() } },
    async execute() {
      const score = left.shift()
      if (typeof score !== 'number') throw new Error(score ?? 'no more')
      return { score, reasons: ['So.'], quotes }
    },
  })
}

const run = (evaluate: object, agents: GivenAgents, more: object = {}) => {
  const draft = { capability: 'text.draft', input: { topic: 'tea' }, evaluate, ...more }
  const workflow = { name: 'w', steps: { draft, after: { capability: 'echo', input: '{% $steps.draft %}' } } }
  return testWorkflow(workflow, {
    agents: { ...agents, echo: { capabilities: ['echo'] } },
  })
}
const RUBRIC = { judge: { rubric: 'It is on tea.' } }
const RULES = { rules: { short: '{% $length($output) < 50 %}' } }

describe('a step with a judge', () => {
  it('has the mean of all checks, the judge last; the output is that of its agent (judging/W3)', async () => {
    const done = await run(
      { ...RULES, ...RUBRIC },
      { a: writer('a', ['On tea.']), judge: judge([0.5], ['On tea.']) },
    )
    expect(done.steps.draft).toMatchObject({
      status: 'succeeded',
      output: 'On tea.',
      agentId: 'a',
      attempts: [],
      evaluation: {
        score: 0.75,
        checks: [
          { kind: 'rule', name: 'short', score: 1 },
          { kind: 'judge', name: 'judge', score: 0.5, reason: 'So.' },
        ],
      },
    })
    expect(done.calls.map(({ agentId, capability, path }) => [agentId, capability, path])).toEqual([
      ['a', 'text.draft', 'draft'],
      ['judge', 'evaluate.judge', 'draft'],
      ['echo', 'echo', 'after'],
    ])
    expect(done.calls[1]?.input).toEqual({ output: 'On tea.', rubric: 'It is on tea.' })
    expect(done.calls[2]?.input).toEqual('On tea.')
  })

  it('is done again by the same agent where its score is too low and its retry is after errors', async () => {
    const agents = { a: writer('a', ['On coffee.', 'On tea.']), judge: judge([0.2, 0.9]) }
    const done = await run({ ...RUBRIC, atLeast: 0.7 }, agents, { retry: { on: ['error'], maxAttempts: 2 } })
    expect(done.steps.draft).toMatchObject({
      status: 'succeeded',
      output: 'On tea.',
      evaluation: { score: 0.9 },
      attempts: [{ agentId: 'a', error: { name: 'EvaluationFailedError' }, evaluation: { score: 0.2 } }],
    })
  })

  it('goes to the next agent where its own has no attempt left', async () => {
    const agents = { a: writer('a', ['On coffee.']), b: writer('b', ['On milk.']), judge: judge([0.2, 0.9]) }
    const done = await run({ ...RUBRIC, atLeast: 0.7 }, agents)
    const [refused] = done.steps.draft?.attempts ?? []
    expect(done.steps.draft).toMatchObject({ status: 'succeeded', attempts: [{}] })
    expect(new Set([refused?.agentId, done.steps.draft?.agentId])).toEqual(new Set(['a', 'b']))
  })

  it('fails where no agent is left, with the reasons of the judge', async () => {
    const done = await run(
      { ...RUBRIC, atLeast: 0.7 },
      { a: writer('a', ['On coffee.']), judge: judge([0.2]) },
    )
    expect(done).toMatchObject({
      status: 'failed',
      error: { name: 'EvaluationFailedError', stepId: 'draft' },
    })
    expect(done.error?.message).toContain(
      'the output has the score 0.2, and evaluate.atLeast is 0.7: judge 0.2',
    )
  })

  it('asks no judge that could not matter any more', async () => {
    const rules = { rules: { a: '{% false %}', b: '{% false %}' } }
    const done = await run(
      { ...rules, ...RUBRIC, atLeast: 0.5 },
      { a: writer('a', ['x']), judge: judge([1]) },
    )
    expect(done.calls.map(({ agentId }) => agentId)).toEqual(['a'])
    expect(done).toMatchObject({ status: 'failed', error: { name: 'EvaluationFailedError' } })
  })

  it('goes on unjudged where its judge fails, and says why (rebind/B13)', async () => {
    const done = await run(
      { ...RULES, ...RUBRIC },
      { a: writer('a', ['On tea.']), judge: judge(['it is out']) },
    )
    expect(done.steps.draft).toMatchObject({
      status: 'succeeded',
      output: 'On tea.',
      agentId: 'a',
      attempts: [{ agentId: 'judge', error: { message: 'it is out' } }],
      evaluation: { score: 1, unjudged: 'AgentFailedError: it is out', checks: [{ name: 'short' }] },
    })
  })

  it('goes on unjudged where no agent can judge', async () => {
    const done = await run({ ...RULES, ...RUBRIC }, { a: writer('a', ['On tea.']) })
    expect(done.steps.draft).toMatchObject({
      status: 'succeeded',
      evaluation: { unjudged: 'NoAgentError: nobody can run it: no agent offers it' },
    })
  })

  it('fails where its judge does, with atLeast (rebind/B13)', async () => {
    const done = await run(
      { ...RUBRIC, atLeast: 0.7 },
      { a: writer('a', ['On tea.']), judge: judge(['it is out']) },
    )
    expect(done).toMatchObject({ status: 'failed', error: { name: 'AgentFailedError', stepId: 'draft' } })
  })

  it('takes no judgement whose quotations do not stand in the output', async () => {
    const agents = { a: writer('a', ['On tea.']), judge: judge([1], ['On something else.']) }
    const done = await run({ ...RULES, ...RUBRIC }, agents)
    expect(done.steps.draft?.evaluation?.unjudged).toBe(
      'AgentOutputError: none of the 1 quotations of the judge stands in the output',
    )
  })

  it('judges each item of a fan-out', async () => {
    const agents = { a: writer('a', ['x', 'y']), judge: judge([0.1, 0.1]) }
    const done = await run(RUBRIC, agents, { forEach: '{% [1, 2] %}', maxConcurrency: 1 })
    expect(done.steps['draft[0]']).toMatchObject({ agentId: 'a', evaluation: { score: 0.1 } })
    expect(done.steps['draft[1]']).toMatchObject({ agentId: 'a', evaluation: { score: 0.1 } })
  })

  it('may be judged by an agent that has failed to make its output', async () => {
    const any = { description: 'x', input: z.unknown(), output: z.unknown() }
    const both = defineAgent({
      id: 'both',
      version: '1.0.0',
      description: 'judges, and does not write',
      capabilities: { 'text.draft': any, 'evaluate.judge': any },
      async execute({ capability }) {
        if (capability === 'evaluate.judge') return { score: 0.9 }
        throw new Error('it cannot')
      },
    })
    const agents = { both, b: writer('b', ['On tea.']) }
    const done = await run(RUBRIC, agents, { agent: 'both', fallback: ['b'], retry: { maxAttempts: 1 } })
    expect(done.steps.draft).toMatchObject({
      status: 'succeeded',
      agentId: 'b',
      attempts: [{ agentId: 'both', error: { message: 'it cannot' } }],
      evaluation: { score: 0.9 },
    })
  })

  it('may be judged by the agent that has made its output, with another model', async () => {
    const steps = {
      draft: {
        capability: 'text.write',
        input: { task: 'On tea.' },
        evaluate: { judge: { rubric: 'It is on tea.', model: 'judge' }, atLeast: 0.5 },
      },
    }
    const models = {
      default: [{ value: { text: 'Tea is a plant.' } }],
      judge: [{ value: { reasons: ['It is.'], quotes: ['Tea is a plant'], score: 0.8 } }],
    }
    const done = await testWorkflow({ name: 'w', steps }, { agents: { language: languageAgent }, models })
    expect(done.steps.draft).toMatchObject({
      status: 'succeeded',
      output: { text: 'Tea is a plant.' },
      agentId: 'language',
      evaluation: { score: 0.8, checks: [{ kind: 'judge', score: 0.8, reason: 'It is.' }] },
    })
    expect(done.modelCalls.map(({ model }) => model)).toEqual(['default', 'judge'])
  })
})
