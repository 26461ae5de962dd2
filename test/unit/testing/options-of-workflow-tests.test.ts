import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { defineAgent } from '../../../shared/agent/index.ts'
import { testWorkflow } from '../../../testing/index.ts'

const workflow = {
  name: 'main',
  steps: {
    a: { capability: 'work.do' },
    each: { capability: 'work.do', forEach: '{% [1, 2] %}' },
    improve: {
      repeat: {
        steps: {
          draft: { capability: 'work.do' },
          sign_off: { approval: { prompt: '?', timeoutSeconds: 60 } },
        },
        until: '{% true %}',
        maxIterations: 3,
      },
    },
    other: { capability: 'other.do' },
  },
}
const agents = { 'work.do': {}, 'other.do': {} }
const worker = defineAgent({
  id: 'worker',
  version: '1.0.0',
  description: '',
  capabilities: { 'work.do': { description: '', input: z.json(), output: z.json() } },
  execute: async () => null,
})
/** The call as JavaScript makes it, whose mistakes no compiler has seen. */
const call = (given: unknown, test: unknown): Promise<unknown> =>
  Reflect.apply(testWorkflow, undefined, [given, test])
const refuses = async (test: unknown, message: string | RegExp): Promise<void> => {
  await expect(call(workflow, test)).rejects.toThrow(message)
}

type Wrong = [unknown, string | RegExp][]

/** Every option with a misspelling of its name, values of another type, and values out of its range. */
const OPTIONS: Record<string, { misspelt: string; wrong: Wrong }> = {
  agents: {
    misspelt: 'agent',
    wrong: [
      [undefined, 'agents: is required'],
      [5, 'agents is 5; it must be a list of agents, or an object of scripts and agents'],
      [[undefined], 'agents[0] is nothing; it must be what defineAgent returns'],
      [[{}], 'agents[0] is {}; it must be what defineAgent returns'],
      ...[
        'Runtime.ExitError',
        'Runtime.OutOfMemory',
        'Runtime.ExitEror',
        'Sandbox.Timedout',
        'Lambda.Unknown',
        'States.Timeout',
      ].flatMap((name) =>
        [name, { name }].map((fails): [unknown, RegExp] => [
          { ...agents, 'other.do': { fails } },
          new RegExp(`"${name}" is what the platform says of a function that has died`),
        ]),
      ),
      [
        { ...agents, 'other.doo': {} },
        'agents["other.doo"]: no step asks for "other.doo"; did you mean "other.do"?',
      ],
      [
        { ...agents, second: { capabilities: ['work.doo'] } },
        'agents["second"].capabilities[0]: no step asks for "work.doo"; did you mean "work.do"?',
      ],
      [
        { ...agents, 'Not A Name': {} },
        'agents["Not A Name"]: the key is "Not A Name"; a capability is lower case words',
      ],
      [
        { ...agents, 'no.id': { capabilities: ['work.do'] } },
        'agents["no.id"]: the key is "no.id"; an agent id is a-z',
      ],
    ],
  },
  input: { misspelt: 'imput', wrong: [[new Date(0), /input/]] },
  workflows: {
    misspelt: 'workflow',
    wrong: [
      [{}, 'workflows: workflows is {}; it must be a list'],
      [[5], 'workflows[0] is 5; it must be the text of a workflow'],
      [['./child.yaml'], 'workflows[0] is "./child.yaml", a path'],
    ],
  },
  approvals: {
    misspelt: 'aprovals',
    wrong: [
      [5, 'approvals is 5; it must be an object of answers, or a function'],
      [
        { sign_of: {} },
        'approvals["sign_of"]: there is no approval "sign_of"; did you mean "improve.sign_off"?',
      ],
      [{ a: {} }, 'approvals["a"]: step "a" is no approval; known: improve.sign_off'],
      [{ 'improve[4].sign_off': {} }, 'approvals["improve[4].sign_off"]: loop "improve" has rounds 1 to 3'],
      [{ 'improve[0].sign_off': {} }, 'approvals["improve[0].sign_off"]: loop "improve" has rounds 1 to 3'],
      [{ 'improve[1].sign_off[2]': {} }, '"improve.sign_off" is no fan-out or loop: it has no [2]'],
      [{ 'improve.sign_off': null }, 'approvals["improve.sign_off"] is null; it must be an object {'],
      [
        { 'improve.sign_off': { aproved: false } },
        'approvals["improve.sign_off"].aproved: approvals["improve.sign_off"] has no "aproved"; did you mean "approved"?',
      ],
      [{ 'improve.sign_off': { approved: 'no' } }, 'approved is "no"; it must be true or false'],
      [{ 'improve.sign_off': { decision: 5 } }, 'decision is 5; it must be text'],
      [{ 'improve.sign_off': { by: 5 } }, 'by is 5; it must be text'],
      [{ 'improve.sign_off': { comment: 5 } }, 'comment is 5; it must be text'],
      ...[Number.NaN, -1, 1e12].map((value): [unknown, string] => [
        { 'improve.sign_off': { afterSeconds: value } },
        `approvals["improve.sign_off"].afterSeconds: afterSeconds is ${value}; it must be a number from 0 to `,
      ]),
      [
        () => ({ afterSeconds: Number.NaN }),
        'approvals("improve[1].sign_off").afterSeconds: afterSeconds is NaN',
      ],
    ],
  },
  files: {
    misspelt: 'fils',
    wrong: [
      ['a', 'files is "a"; it must be an object'],
      [{ 'a.txt': '' }, 'files["a.txt"]: the key is "a.txt"; a file reference is files/<folder>/<path>'],
    ],
  },
  now: {
    misspelt: 'nov',
    wrong: ['yesterday', '2026-01-01', 5, new Date(Number.NaN), new Date(-1)].map((value) => [
      value,
      /now is .*; it must be a Date or a text: a time is ISO 8601/,
    ]),
  },
  seed: { misspelt: 'seeed', wrong: [[5, 'seed: seed is 5; it must be text']] },
  cancel: {
    misspelt: 'cancell',
    wrong: [
      [5, 'cancel: cancel is 5; it must be an object {afterSeconds, reason?}'],
      [{}, 'cancel.afterSeconds: is required'],
      [{ afterSecond: 1 }, 'cancel.afterSecond: cancel has no "afterSecond"; did you mean "afterSeconds"?'],
      [{ afterSeconds: Number.NaN }, 'cancel.afterSeconds: afterSeconds is NaN'],
      [{ afterSeconds: -1 }, 'cancel.afterSeconds: afterSeconds is -1'],
      [{ afterSeconds: 1, reason: 5 }, 'cancel.reason: reason is 5; it must be text'],
    ],
  },
  metadata: { misspelt: 'metdata', wrong: [[{ a: 1 }, 'metadata.a: a is 1; it must be text']] },
  budgetUsd: {
    misspelt: 'budgetUSD',
    wrong: [-1, Number.NaN, '1'].map((value) => [value, /budgetUsd: budgetUsd is .*; it must be a number/]),
  },
  budgetTokens: {
    misspelt: 'budgetToken',
    wrong: [-1, 0.5, Number.NaN].map((value) => [value, /budgetTokens is .*; it must be a whole number/]),
  },
  deadline: {
    misspelt: 'dedline',
    wrong: [['tomorrow', 'deadline: deadline is "tomorrow"; it must be a time']],
  },
  deadlineSeconds: {
    misspelt: 'deadlineSecond',
    wrong: [0, -5, Number.NaN].map((value) => [
      value,
      `deadlineSeconds is ${value}; it must be a number above 0`,
    ]),
  },
  prefer: {
    misspelt: 'prefers',
    wrong: [
      [{ qualty: 1 }, 'prefer.qualty: prefer has no "qualty"; did you mean "quality"?'],
      [{ cost: -1 }, 'prefer.cost: cost is -1; it must be a number from 0 to 100'],
    ],
  },
  priority: {
    misspelt: 'priorty',
    wrong: [[10, 'priority: priority is 10; it must be a whole number from 0 to 9']],
  },
}

describe('testWorkflow refuses', () => {
  it.each(
    Object.entries(OPTIONS).flatMap(([option, { misspelt, wrong }]) => [
      {
        test: { agents, [misspelt]: 1 },
        message: `${misspelt}: the test has no "${misspelt}"; did you mean "${option}`,
      },
      ...wrong.map(([value, message]) => ({ test: { agents, [option]: value }, message })),
    ]),
  )('$test', ({ test, message }) => refuses(test, message))

  it.each([undefined, null, 5, 'x', []])('%j in place of the options', (test) =>
    refuses(test, /testWorkflow: the test is .*; it must be an object/),
  )

  it.each([
    [undefined, 'the workflow is nothing; it must be the text of a workflow'],
    [5, 'the workflow is 5; it must be the text of a workflow'],
    [
      './review.yaml',
      `the workflow is "./review.yaml", a path; give its text: readFileSync(new URL("./review.yaml", import.meta.url), 'utf8')`,
    ],
    ['C:\\flows\\review.yml', 'the workflow is "C:\\\\flows\\\\review.yml", a path'],
    ['review', 'the workflow is "review", a name; give its text'],
    [new URL('file:///a.yaml'), 'the workflow is a URL; it must be the text of a workflow'],
    [Buffer.from('name: x'), 'the workflow is a Buffer; it must be the text of a workflow'],
    [Promise.resolve('name: x'), 'the workflow is a Promise; it must be awaited'],
    ['', 'the workflow is ""; it must be the text of a workflow'],
  ])('%j in place of a workflow', async (given, message) => {
    await expect(call(given, { agents })).rejects.toThrow(message)
  })
})

/** Every field of a script, likewise; the place is that of the field. */
const FIELDS: Record<string, { misspelt: string; wrong: Wrong }> = {
  output: {
    misspelt: 'ouput',
    wrong: [
      [Number.NaN, 'output: output is NaN'],
      [new Date(0), 'output is a Date'],
    ],
  },
  fails: {
    misspelt: 'fail',
    wrong: [
      [
        true,
        'fails: fails is true; it must be text of at least 1 characters, or an object {name, message?, details?}',
      ],
      ['', 'fails: '],
      ['AgentRetryabelError', 'fails: fails is "AgentRetryabelError"; did you mean "AgentRetryableError"?'],
      [{ nme: 'X' }, 'fails.nme: fails has no "nme"; did you mean "name"?'],
      [
        { name: 'BudgetExceedError' },
        'fails.name: name is "BudgetExceedError"; did you mean "BudgetExceededError"?',
      ],
    ],
  },
  times: {
    misspelt: 'tims',
    wrong: [
      ...[0, 1.5, Number.NaN, '2'].map((value): [unknown, RegExp] => [
        value,
        /times: times is .*; it must be a whole number of at least 1|times is .*; it must be a whole number from 1/,
      ]),
      [2, 'times: says how many calls fail; add "fails"'],
    ],
  },
  seconds: {
    misspelt: 'secnds',
    wrong: [
      ...[-1, Number.NaN, Number.POSITIVE_INFINITY].map((value): [unknown, string] => [
        value,
        `seconds: seconds is ${value}; it must be a number from 0 to 31536000, or a function`,
      ]),
      ['5', 'seconds: seconds is "5"; it must be a number from 0 to 31536000, or a function'],
      [() => Number.NaN, 'seconds(): seconds is NaN; it must be a number from 0 to 31536000'],
      [() => undefined, 'seconds(): is required; it must be a number from 0 to 31536000'],
    ],
  },
  costUsd: {
    misspelt: 'costUSD',
    wrong: [
      [-1, 'costUsd is -1; it must be a number'],
      [Number.NaN, 'costUsd is NaN'],
    ],
  },
  tokens: {
    misspelt: 'token',
    wrong: [
      [0.5, 'tokens is 0.5; it must be a whole number'],
      [-1, 'tokens is -1'],
    ],
  },
  attempts: {
    misspelt: 'attemps',
    wrong: [
      [{}, 'attempts: attempts is {}; it must be a list'],
      [[], 'attempts: attempts is []; it must be a list of at least 1 members'],
      [[null], 'attempts[0] is null; it must be an object {'],
      [
        [{ fials: 'X' }],
        'attempts[0].fials: agents["work.do"].attempts[0] has no "fials"; did you mean "fails"?',
      ],
      [[{ seconds: -1 }], 'attempts[0].seconds: seconds is -1'],
    ],
  },
  steps: {
    misspelt: 'step',
    wrong: [
      [5, 'steps is 5; it must be an object'],
      [{ b: {} }, 'steps["b"]: there is no step "b"'],
      [{ eech: {} }, 'steps["eech"]: there is no step "eech"; did you mean "each"?'],
      [{ draft: {} }, 'steps["draft"]: there is no step "draft"; did you mean "improve.draft"?'],
      [{ other: {} }, 'steps["other"]: step "other" asks for "other.do", which this agent does not offer'],
      [{ improve: {} }, 'steps["improve"]: step "improve" is a loop, which no agent runs'],
      [{ 'a[1]': {} }, 'steps["a[1]"]: "a" is no fan-out or loop: it has no [1]'],
      [{ 'improve[4].draft': {} }, 'steps["improve[4].draft"]: loop "improve" has rounds 1 to 3'],
      [{ a: null }, 'steps["a"] is null; it must be a function of the input, or an object {'],
      [{ a: { secnds: 1 } }, 'steps["a"].secnds: '],
      [{ a: { attempts: [{ secnds: 1 }] } }, 'steps["a"].attempts[0].secnds: '],
      [{ a: { steps: {} } }, 'steps["a"].steps: '],
    ],
  },
  capabilities: {
    misspelt: 'capabilites',
    wrong: [
      [[], 'capabilities: capabilities is []; it must be a list of '],
      [['Work Do'], 'capabilities[0]: '],
    ],
  },
  limits: {
    misspelt: 'limit',
    wrong: [
      [
        { timeoutSecond: 5 },
        'limits.timeoutSecond: limits has no "timeoutSecond"; did you mean "timeoutSeconds"?',
      ],
      [
        { timeoutSeconds: 0 },
        'limits.timeoutSeconds: timeoutSeconds is 0; it must be a whole number from 1 to 840',
      ],
    ],
  },
  price: {
    misspelt: 'prices',
    wrong: [
      [{ perCalUsd: 5 }, 'price.perCalUsd: price has no "perCalUsd"; did you mean "perCallUsd"?'],
      [{ perCallUsd: -5 }, 'price.perCallUsd: perCallUsd is -5'],
    ],
  },
  typicalSeconds: {
    misspelt: 'typicalSecond',
    wrong: [[0, 'typicalSeconds is 0; it must be a number from 0.001 to 840']],
  },
  tags: { misspelt: 'tag', wrong: [[['NO'], 'tags[0]: ']] },
  tenants: { misspelt: 'tenant', wrong: [['acme', 'tenants: tenants is "acme"; it must be a list']] },
  model: { misspelt: 'modell', wrong: [[{ nam: 'x' }, 'model.nam: ']] },
}

describe('a script is refused', () => {
  const scripted = (script: unknown) => ({ agents: { ...agents, 'work.do': script } })

  it.each([null, undefined, 5, 'text', [], new Map(), Promise.resolve()])('%s', (script) =>
    refuses(
      scripted(script),
      /agents\["work\.do"\] is .*; it must be (awaited|a function of the input, an object \{output\?, fails\?, .*\}, or what defineAgent returns)/,
    ),
  )

  it.each(
    Object.entries(FIELDS).flatMap(([field, { misspelt, wrong }]) => [
      {
        script: { [misspelt]: 1 },
        message: `.${misspelt}: agents["work.do"] has no "${misspelt}"; did you mean "${field}`,
      },
      ...wrong.map(([value, message]) => ({ script: { [field]: value }, message })),
    ]),
  )('$script', ({ script, message }) => refuses(scripted(script), message))
})

it('accepts every form of a path', async () => {
  const run = await testWorkflow(workflow, {
    agents: {
      'other.do': {},
      'work.do': {
        steps: {
          a: {},
          each: { output: 1 },
          'each[1]': { output: 2 },
          'improve.draft': {},
          'improve[1].draft': {},
        },
      },
    },
    approvals: { 'improve[1].sign_off': {}, 'improve.sign_off': {} },
  })
  expect(run).toMatchObject({ status: 'succeeded', result: { each: [1, 2] } })
})

it('accepts agents and scripts that no step asks for, as casts are shared', async () => {
  const shared = { ...agents, 'quite.different': {}, worker }
  const run = await testWorkflow(workflow, { agents: shared, approvals: { 'improve.sign_off': {} } })
  expect(run.status).toBe('succeeded')
})
