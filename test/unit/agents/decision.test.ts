import { testAgent } from 'orchestrator/testing'
import { describe, expect, it } from 'vitest'
import decisionAgent from '../../../functions/agents/decision/index.ts'

const rules = [
  { name: 'large', when: '$value.amount > 1000', then: 'manager' },
  { name: 'abroad', when: '$value.country != "TH"', then: 'compliance' },
  { name: 'any', when: '$value.amount > 0', then: { queue: 'standard' } },
]
const decide = (value: unknown, more: object = {}) =>
  testAgent(decisionAgent, { capability: 'decision.rules', input: { value, rules, ...more } })

describe('decision.rules', () => {
  it.each([
    [{ amount: 5_000, country: 'TH' }, {}, { decision: 'manager', rules: ['large'] }],
    [{ amount: 5, country: 'TH' }, {}, { decision: { queue: 'standard' }, rules: ['any'] }],
    [{ amount: 0, country: 'TH' }, { otherwise: null }, { decision: null, rules: [] }],
    [
      { amount: 5_000, country: 'DE' },
      { hit: 'all' },
      { decision: ['manager', 'compliance', { queue: 'standard' }], rules: ['large', 'abroad', 'any'] },
    ],
    [{ amount: 7, country: 'TH' }, { hit: 'unique' }, { decision: { queue: 'standard' }, rules: ['any'] }],
  ])('decides %j, %j', async (value, more, decided) => {
    expect((await decide(value, more)).output).toEqual({ ...decided, engine: 'rules' })
  })

  it.each([
    [{ amount: 0, country: 'TH' }, {}, 'AgentFinalError', /none of 3 rules applies/],
    [
      { amount: 5_000, country: 'DE' },
      { hit: 'unique' },
      'AgentFinalError',
      /exactly one rule may apply .*large, abroad, any/,
    ],
    [
      1,
      { rules: [{ name: 'a', when: '$value +', then: 1 }] },
      'InvalidInputError',
      /rule "a" cannot be evaluated/,
    ],
    [
      1,
      { rules: [{ name: 'a', when: '$value', then: 1 }] },
      'InvalidInputError',
      /rule "a" is 1; it must be true or false/,
    ],
    [
      1,
      {
        rules: [
          { name: 'a', when: 'true', then: 1 },
          { name: 'a', when: 'true', then: 2 },
        ],
      },
      'InvalidInputError',
      /same name/,
    ],
  ])('does not decide %j, %j', async (value, more, name, message) => {
    expect((await decide(value, more)).error).toMatchObject({ name, message: expect.stringMatching(message) })
  })
})
