import { expect, it } from 'vitest'
import * as z from 'zod'
import { defineAgent } from '../../../shared/agent/index.ts'
import { testAgent } from '../../../testing/index.ts'

const agent = defineAgent({
  id: 'clerk',
  version: '1.0.0',
  description: 'for tests',
  capabilities: { refund: { description: 'refunds', input: z.json(), output: z.json() } },
  execute: async (_call, { once }) => once('refund', async () => 1),
})
/** The call as JavaScript makes it, whose mistakes no compiler has seen. */
const call = (one: unknown, test?: unknown): Promise<unknown> =>
  Reflect.apply(testAgent, undefined, test === undefined ? [one] : [one, test])

it.each([
  [undefined, 'the agent is nothing; it must be what defineAgent returns'],
  [{}, 'the agent is {}; it must be what defineAgent returns'],
  ['./greeter.ts', 'the agent is "./greeter.ts"; it must be what defineAgent returns'],
  [{ default: agent }, /the agent is .*; it must be what defineAgent returns: its default export/],
])('refuses %j in place of an agent', async (one, message) => {
  await expect(call(one)).rejects.toThrow(message)
})

/** Every option with a misspelling of its name, a value of another type, and one out of its range. */
const OPTIONS: Record<string, { misspelt: string; wrong: [unknown, string | RegExp][] }> = {
  capability: {
    misspelt: 'capabilty',
    wrong: [
      [5, 'capability: capability is 5; it must be text'],
      ['refnd', 'agent "clerk" does not offer "refnd"; did you mean "refund"?'],
    ],
  },
  input: {
    misspelt: 'imput',
    wrong: [
      [new Date(0), "an agent's input is JSON: it is a Date; write toISOString()"],
      [Number.NaN, "an agent's input is JSON: it is NaN"],
    ],
  },
  files: {
    misspelt: 'file',
    wrong: [
      ['files/a/b', 'files is "files/a/b"; it must be an object'],
      [{ 'files/a/b.txt': 5 }, 'files["files/a/b.txt"] is 5; it must be text or bytes (a Uint8Array)'],
      [
        { 'notes.md': '' },
        'files["notes.md"]: the key is "notes.md"; a file reference is files/<folder>/<path>',
      ],
      [{ 'files/a/': '' }, 'files["files/a/"]: a key names a file; this is a folder'],
    ],
  },
  attempt: {
    misspelt: 'atempt',
    wrong: [0, 1.5, Number.NaN, -1, 101, '2'].map((value) => [
      value,
      `attempt: attempt is ${JSON.stringify(value) === 'null' ? 'NaN' : JSON.stringify(value)}; it must be a whole number from 1 to 100`,
    ]),
  },
  after: {
    misspelt: 'afer',
    wrong: [
      [{}, 'after is {}; it must be the run that testAgent returned, not a copy of it'],
      [Promise.resolve(), 'after is a Promise; it must be awaited'],
    ],
  },
  once: {
    misspelt: 'onces',
    wrong: [
      [5, 'once is 5; it must be an object'],
      [{ refund: () => 1 }, 'once["refund"]: the result of an effect is JSON: it is a function'],
      [{ refnd: 1 }, 'once["refnd"]: the agent has performed no such effect; did you mean "refund"?'],
    ],
  },
  crashAfter: {
    misspelt: 'crashafter',
    wrong: [
      [true, 'crashAfter: crashAfter is true; it must be text'],
      ['refnd', 'crashAfter: the agent has performed no effect "refnd"; did you mean "refund"?'],
    ],
  },
  timeoutSeconds: {
    misspelt: 'timeoutSecond',
    wrong: [Number.NaN, -1, 0, 841, Number.POSITIVE_INFINITY].map((value) => [
      value,
      `timeoutSeconds: timeoutSeconds is ${value}; it must be a number above 0 and at most 840`,
    ]),
  },
  signal: {
    misspelt: 'singal',
    wrong: [[new AbortController(), 'signal: signal is {}; it must be an AbortSignal']],
  },
  task: {
    misspelt: 'tasks',
    wrong: [
      [{ typ: 'a' }, 'task.typ: task has no "typ"; did you mean "type"?'],
      [{ type: 'A B' }, 'task.type: type is "A B"; a workflow name starts with a-z'],
      [{ metadata: { a: 1 } }, 'task.metadata.a: a is 1; it must be text'],
    ],
  },
}

const CASES = Object.entries(OPTIONS).flatMap(([option, { misspelt, wrong }]) => [
  {
    test: { [misspelt]: 1 },
    message: `${misspelt}: the test has no "${misspelt}"; did you mean "${option}"?`,
  },
  ...wrong.map(([value, message]) => ({ test: { [option]: value }, message })),
])

it.each(CASES)('refuses $test', async ({ test, message }) => {
  await expect(call(agent, test)).rejects.toThrow(message)
})

it.each([null, 5, 'input', []])('refuses %j in place of the options', async (test) => {
  await expect(call(agent, test)).rejects.toThrow(/testAgent: the test is .*; it must be an object/)
})

it('refuses the copy of a run, which would forget its effects', async () => {
  const first = await testAgent(agent)
  await expect(testAgent(agent, { after: { ...first } })).rejects.toThrow('not a copy of it')
})

it('says where a run ended that should have crashed after an effect', async () => {
  const first = await testAgent(agent)
  await expect(testAgent(agent, { after: first, crashAfter: 'refund' })).rejects.toThrow(
    'crashAfter: the effect "refund" is done already, by the run in "after" or by "once"',
  )
})
