import { expect, it } from 'vitest'
import * as z from 'zod'
import { type DefinedAgent, defineAgent } from '../../../shared/agent/index.ts'
import { testAgent } from '../../../testing/index.ts'

/** `npm run check` compiles this file: a literal that is widened to `string`, or a wrong output that is accepted, is an error there. */
const review = {
  description: 'Judges a text.',
  input: z.object({ text: z.string() }),
  output: z.object({
    verdict: z.enum(['good', 'poor']),
    marks: z.array(z.object({ word: z.string(), kind: z.enum(['long', 'short']) })).optional(),
  }),
}
const measure = {
  description: 'Measures a text.',
  input: z.object({ words: z.array(z.string()) }),
  output: z.object({ size: z.literal([1, 2]), longest: z.tuple([z.string(), z.number()]) }),
}
const sort = { description: 'Sorts.', input: z.object({ n: z.number() }), output: z.enum(['low', 'high']) }
const head = { id: 'critic', version: '1.0.0', description: 'Judges texts.' }

const one = defineAgent({
  ...head,
  capabilities: { 'critic.review': review },
  async execute({ input }) {
    const words = input.text.split(' ')
    return {
      verdict: words.length > 1 ? 'good' : 'poor',
      marks: words.map((word) => ({ word, kind: word.length > 4 ? 'long' : 'short' })),
    }
  },
})

const withoutParameters = defineAgent({
  ...head,
  capabilities: { 'critic.review': review },
  async execute() {
    return { verdict: Math.random() < 2 ? 'good' : 'poor' }
  },
})

const arrowBefore = defineAgent({
  ...head,
  execute: async ({ input }) => {
    if (input.text === '') return { verdict: 'poor' }
    return { verdict: 'good' }
  },
  capabilities: { 'critic.review': review },
})

const several = defineAgent({
  ...head,
  capabilities: { 'critic.review': review, 'critic.measure': measure, 'critic.sort': sort },
  async execute(call) {
    switch (call.capability) {
      case 'critic.review':
        return { verdict: call.input.text === '' ? 'poor' : 'good' }
      case 'critic.measure': {
        const [first = ''] = call.input.words
        return { size: first === '' ? 1 : 2, longest: [first, first.length] }
      }
      case 'critic.sort':
        return call.input.n > 0 ? 'high' : 'low'
    }
  },
})

const wrongWord = defineAgent({
  ...head,
  capabilities: { 'critic.review': review },
  // @ts-expect-error: "bad" is no verdict
  async execute({ input }) {
    return { verdict: input.text === '' ? 'bad' : 'good' }
  },
})

const wrongOfSeveral = defineAgent({
  ...head,
  capabilities: { 'critic.review': review, 'critic.sort': sort },
  // @ts-expect-error: no capability answers this
  async execute() {
    return { verdict: 3 }
  },
})

it.each<[string, DefinedAgent, string, unknown, unknown]>([
  [
    'one capability',
    one,
    'critic.review',
    { text: 'a' },
    { verdict: 'poor', marks: [{ word: 'a', kind: 'short' }] },
  ],
  ['an execute without parameters', withoutParameters, 'critic.review', { text: '' }, { verdict: 'good' }],
  ['an arrow before its capabilities', arrowBefore, 'critic.review', { text: '' }, { verdict: 'poor' }],
  ['the first of several', several, 'critic.review', { text: '' }, { verdict: 'poor' }],
  ['literals and tuples', several, 'critic.measure', { words: ['ab'] }, { size: 2, longest: ['ab', 2] }],
  ['an output that is itself an enum', several, 'critic.sort', { n: 1 }, 'high'],
])('types outputs without "as const": %s', async (_what, agent, capability, input, output) => {
  const run = await testAgent(agent, { capability, input })
  expect(run.output).toEqual(output)
})

it.each<[DefinedAgent, string, unknown]>([
  [wrongWord, 'critic.review', { text: '' }],
  [wrongOfSeveral, 'critic.sort', { n: 1 }],
])('refuses a wrong output, also where types are not checked', async (agent, capability, input) => {
  expect((await testAgent(agent, { capability, input })).error?.message).toMatch(
    /what critic\.\w+ does not allow/,
  )
})
