import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import type { Workflow } from '../../../shared/workflow/schema.ts'
import type { Catalogue } from '../../../shared/workflow/types/catalogue.ts'
import { issuesOfTypes } from '../../../shared/workflow/types/check-types.ts'
import { validateWorkflow } from '../../../shared/workflow/validate-workflow.ts'
import { typedManifest } from '../../support/agents/make-agent.ts'
import { cpuMilliseconds } from '../../support/runner/cpu-time.ts'

const agentOf = (id: string, input: z.ZodType, output: z.ZodType, capability = 'text.write') =>
  typedManifest(id, capability, { input, output })

const writer = agentOf(
  'writer',
  z.object({ prompt: z.string(), most: z.number().int().default(3), tags: z.array(z.string()).default([]) }),
  z.object({ text: z.string(), words: z.number(), parts: z.array(z.object({ title: z.string() })) }),
)
const CATALOGUE: Catalogue = { agents: [writer], workflows: [] }

const INPUT = {
  type: 'object',
  required: ['name', 'list'],
  properties: {
    name: { type: 'string' },
    count: { type: 'integer' },
    list: { type: 'array', items: { type: 'string' } },
  },
}
const workflowOf = (steps: object, more: object = {}) => ({ name: 'w', input: INPUT, steps, ...more })
const problemsOf = (workflow: unknown, catalogue = CATALOGUE): string[] =>
  validateWorkflow(workflow, { catalogue }).issues.map(
    ({ code, path, message }) => `${code} ${path}: ${message}`,
  )

const write = (input: unknown, more: object = {}) => ({ capability: 'text.write', input, ...more })
const good = write({ prompt: '{% $input.name %}' })

describe('a mistake in a name or type', () => {
  it.each<[string, object, string[]]>([
    [
      'a field of the input',
      { a: write({ prompt: '{% $input.nmae %}' }) },
      [
        'unknown-field steps.a.input.prompt: $input has no "nmae"; did you mean "name"? (known: count, list, name)',
      ],
    ],
    [
      'a field of an output',
      { a: good, b: write({ prompt: '{% $steps.a.texxt %}' }) },
      [
        'unknown-field steps.b.input.prompt: $steps.a has no "texxt"; did you mean "text"? (known: parts, text, words)',
      ],
    ],
    [
      'a field of what a capability takes',
      { a: write({ promt: '{% $input.name %}' }) },
      [
        'unknown-field steps.a.input.promt: there is no "promt"; did you mean "prompt"? (known: most, prompt, tags) (what text.write takes)',
        'missing-field steps.a.input: "prompt" is required, and missing (what text.write takes)',
      ],
    ],
    [
      'a type',
      { a: write({ prompt: '{% $input.count %}' }) },
      ['wrong-type steps.a.input.prompt: it takes text, and gets a whole number (what text.write takes)'],
    ],
    [
      'a literal',
      { a: write({ prompt: 'x', most: 'three' }) },
      ['wrong-type steps.a.input.most: it takes a whole number, and gets "three" (what text.write takes)'],
    ],
    [
      'an item',
      { a: write({ prompt: 'x', tags: ['{% $input.count %}'] }) },
      ['wrong-type steps.a.input.tags[0]: it takes text, and gets a whole number (what text.write takes)'],
    ],
    [
      'an input that is no object',
      { a: write('{% $input.name %}') },
      [
        'wrong-type steps.a.input: it takes an object {prompt, most?, tags?}, and gets text (what text.write takes)',
      ],
    ],
    [
      'an object of an expression',
      { a: write("{% {'prompt': 1, 'mst': 2} %}") },
      [
        'wrong-type steps.a.input: in what input finds, prompt: it takes text, and gets 1 (what text.write takes)',
        'unknown-field steps.a.input: in what input finds, mst: there is no "mst"; did you mean "most"? (known: most, prompt, tags) (what text.write takes)',
      ],
    ],
    [
      'an input that is left out',
      { a: { capability: 'text.write' } },
      [
        'missing-field steps.a: it has no input, so it gets the input of the task: prompt: "prompt" is required, and is not in what it gets: an object {name, count?, list} (what text.write takes)',
      ],
    ],
    [
      'what a wait finds',
      { p: { wait: { seconds: 1 } }, a: write({ prompt: '{% $steps.p %}' }) },
      [
        'missing-field steps.a.input.prompt: "prompt" is required, and this finds nothing (what text.write takes)',
      ],
    ],
    [
      'a condition',
      { a: { ...good, when: '{% $count($input.list) %}' } },
      [
        'wrong-type steps.a.when: when is a whole number; a condition is true or false, such as {% $exists(...) %} or {% $count(...) > 0 %}',
      ],
    ],
    [
      'a list',
      { a: { ...good, forEach: '{% $input.name %}' } },
      [
        'wrong-type steps.a.forEach: forEach is text; it goes through a list; a list of one is written {% [...] %}',
      ],
    ],
    [
      'an item of a list',
      { a: write({ prompt: '{% $item.title %}' }, { forEach: '{% $input.list %}' }) },
      ['unknown-field steps.a.input.prompt: $item.title: text has no members'],
    ],
    [
      'the outputs of items',
      { a: { ...good, forEach: '{% $input.list %}' }, b: write({ prompt: '{% $steps.a[0].txt %}' }) },
      [
        'unknown-field steps.b.input.prompt: $steps.a has no "txt"; did you mean "text"? (known: parts, text, words)',
      ],
    ],
    [
      'a time to wait',
      { a: { wait: { seconds: '{% $input.name %}' } } },
      ['wrong-type steps.a.wait.seconds: seconds is text; seconds are a number'],
    ],
    [
      'a workflow that is computed',
      { a: { workflow: '{% $count($input.list) %}' } },
      [
        'wrong-type steps.a.workflow: workflow is a whole number; a workflow is a name, a text in YAML, or an object with steps',
      ],
    ],
    [
      'a workflow that is computed for each item',
      { a: { workflow: '{% $item.name %}', forEach: '{% $input.list %}' } },
      ['unknown-field steps.a.workflow: $item.name: text has no members'],
    ],
    [
      'a choice',
      {
        ask: { approval: { prompt: 'ok?', timeoutSeconds: 9 } },
        a: { ...good, when: "{% $steps.ask.decision = 'aprove' %}" },
      },
      [
        'never-equal steps.a.when: "=" is always false here: "approve" or "reject" is never "aprove"; did you mean "approve"?',
      ],
    ],
    [
      'a failure',
      { a: { ...good, onFailure: { step: 'h' } }, h: write({ prompt: '{% $error.mesage %}' }) },
      [
        'unknown-field steps.h.input.prompt: $error has no "mesage"; did you mean "message"? (known: attempts, message, name, path, stepId)',
      ],
    ],
    [
      'the task',
      { a: write({ prompt: '{% $task.nam %}' }) },
      ['unknown-field steps.a.input.prompt: $task has no "nam"; known: id, metadata, type'],
    ],
    [
      'the end of a loop',
      { l: { repeat: { steps: { a: good }, until: '{% $steps.a.words %}', maxIterations: 2 } } },
      [
        'wrong-type steps.l.repeat.until: until is a number; a condition is true or false, such as {% $exists(...) %} or {% $count(...) > 0 %}',
      ],
    ],
    [
      'the round before',
      {
        l: {
          repeat: {
            steps: { a: write({ prompt: '{% $previous.a.txt %}' }) },
            until: '{% true %}',
            maxIterations: 2,
          },
        },
      },
      [
        'unknown-field steps.l.repeat.steps.a.input.prompt: $previous.a has no "txt"; did you mean "text"? (known: parts, text, words)',
      ],
    ],
    [
      'the output of a loop',
      {
        l: {
          repeat: {
            steps: { a: good },
            until: '{% true %}',
            maxIterations: 2,
            output: { best: '{% $steps.a.text %}' },
          },
        },
        b: write({ prompt: '{% $steps.l.bset %}' }),
      },
      ['unknown-field steps.b.input.prompt: $steps.l has no "bset"; did you mean "best"? (known: best)'],
    ],
  ])('is found: %s', (_what, steps, problems) => {
    expect(problemsOf(workflowOf(steps))).toEqual(problems)
  })

  it('is found in the output, with the line where it stands', () => {
    const text =
      'name: w\ninput: { type: object, properties: { name: { type: string } } }\nsteps:\n  a: { capability: text.write, input: { prompt: x } }\noutput:\n  t: "{% $steps.a.txt %}"\n'
    expect(validateWorkflow(text, { catalogue: CATALOGUE }).issues).toMatchObject([
      { code: 'unknown-field', path: 'output.t', line: 6, column: 19 },
    ])
  })

  it('is found beside others', () => {
    const steps = {
      a: write({ prompt: '{% $input.nmae %}' }),
      b: { capability: 'text.write', needs: ['c'], retyr: 1 },
    }
    expect(problemsOf(workflowOf(steps)).map((one) => one.split(':')[0])).toEqual([
      'unknown-field steps.b.retyr',
      'unknown-step steps.b.needs[0]',
      'unknown-field steps.a.input.prompt',
      'missing-field steps.b',
    ])
  })

  it('is found in a step that has an unknown field, too, and in what uses its output', () => {
    const steps = {
      a: { ...write({ promt: 'x' }), verbosity: 1 },
      b: write({ prompt: '{% $steps.a.texxt %}' }),
    }
    expect(problemsOf(workflowOf(steps)).map((one) => one.split(':')[0])).toEqual([
      'unknown-field steps.a.verbosity',
      'unknown-field steps.a.input.promt',
      'missing-field steps.a.input',
      'unknown-field steps.b.input.prompt',
    ])
  })

  it('is an opening of an expression that is taken apart', () => {
    const steps = { a: write({ prompt: 'Dear { % $input.name %}' }) }
    expect(problemsOf(workflowOf(steps))).toEqual([
      expect.stringMatching(
        /looks like an expression and is text; an expression is written "{% \$input.name %}"/,
      ),
    ])
    expect(problemsOf(workflowOf({ a: write({ prompt: 'a rise of { 5 % } or { %d %}' }) }))).toEqual([])
  })

  it('is a warning where the check is lenient', () => {
    const { workflow, issues, warnings } = validateWorkflow(
      workflowOf({ a: write({ prompt: '{% $input.nmae %}' }) }),
      { lenient: true },
    )
    expect([workflow?.name, issues, warnings?.map(({ code }) => code)]).toEqual(['w', [], ['unknown-field']])
    const unnamed = validateWorkflow({ ...workflowOf({ a: good }), nme: 'x' }, { lenient: true })
    expect(unnamed.issues.map(({ code }) => code)).toEqual(['unknown-field'])
  })
})

describe('what is not known (types/Q3)', () => {
  it.each<[string, object]>([
    [
      'a capability',
      { a: { capability: 'no.such', input: { x: 1 } }, b: write({ prompt: '{% $steps.a.anything %}' }) },
    ],
    ['an agent', { a: { agent: 'nobody', input: { x: 1 } }, b: write({ prompt: '{% $steps.a.x %}' }) }],
    ['another version of an agent', { a: { agent: 'writer@2.0.0', input: { x: 1 } } }],
    ['a child', { a: { workflow: 'none', input: { x: 1 } }, b: write({ prompt: '{% $steps.a.x %}' }) }],
    ['a fallback', { a: { ...good, fallback: ['no.such'] }, b: write({ prompt: '{% $steps.a.x %}' }) }],
    ['what may be nothing', { a: good, b: write({ prompt: '{% $steps.a.parts[title = "x"].title %}' }) }],
    ['one item for a list', { a: write({ prompt: 'x', tags: '{% $input.name %}' }) }],
    [
      'a value of another kind in a branch',
      { a: write({ prompt: '{% $input.count > 1 ? $input.name : $input.count %}' }) },
    ],
  ])('is silent: %s', (_what, steps) => {
    expect(problemsOf(workflowOf(steps))).toEqual([])
  })

  it('is the input of a workflow that declares none', () => {
    expect(
      problemsOf({
        name: 'w',
        steps: { a: write({ prompt: '{% $input.whatever %}' }), b: { capability: 'text.write' } },
      }),
    ).toEqual([])
  })
})

describe('several agents of a capability', () => {
  const other = agentOf('other', z.object({ topic: z.string() }), z.object({ body: z.string() }))
  const both = { agents: [writer, other], workflows: [] }

  it('accept any input that one of them accepts, and have the output of any of them', () => {
    const steps = { a: write({ topic: 'x' }), b: write({ prompt: '{% $steps.a.body & $steps.a.text %}' }) }
    expect(problemsOf(workflowOf(steps), both)).toEqual([])
    expect(problemsOf(workflowOf({ a: write({ tpic: 'x' }) }), both)).toHaveLength(2)
    expect(
      problemsOf(workflowOf({ a: good, b: write({ prompt: '{% $steps.a.bdy %}' }) }), both),
    ).toHaveLength(1)
  })

  it('count as one if the step pins it', () => {
    const steps = { a: write({ topic: 'x' }, { agent: 'writer' }) }
    expect(problemsOf(workflowOf(steps), both)).toEqual([
      'unknown-field steps.a.input.topic: there is no "topic"; known: most, prompt, tags (what agent writer takes for text.write)',
      'missing-field steps.a.input: "prompt" is required, and missing (what agent writer takes for text.write)',
    ])
  })
})

describe('a child workflow', () => {
  const child = validateWorkflow({
    name: 'child',
    input: {
      type: 'object',
      required: ['q'],
      properties: { q: { type: 'string' }, n: { type: 'integer', default: 2 } },
    },
    steps: {
      look: { capability: 'text.write', input: { prompt: '{% $input.q %}', most: '{% $input.n %}' } },
      self: { workflow: 'child', input: { q: 'x' } },
    },
    output: { found: '{% $steps.look.parts %}', inner: '{% $steps.self %}' },
  }).workflow as Workflow
  const known = { agents: [writer], workflows: [child] }

  it('has its input type, with defaults, and its output type', () => {
    const steps = {
      c: { workflow: 'child', input: { q: '{% $input.name %}' } },
      a: write({ prompt: '{% $steps.c.found[0].title & $steps.c.inner.any %}' }),
    }
    expect(problemsOf(workflowOf(steps), known)).toEqual([])
  })

  it('is checked as a capability is', () => {
    const steps = {
      c: { workflow: 'child@1', input: { qq: '{% $input.name %}' } },
      a: write({ prompt: '{% $steps.c.fond %}' }),
    }
    expect(problemsOf(workflowOf(steps), known)).toEqual([
      'unknown-field steps.c.input.qq: there is no "qq"; did you mean "q"? (known: n, q) (what workflow child takes)',
      'missing-field steps.c.input: "q" is required, and missing (what workflow child takes)',
      'unknown-field steps.a.input.prompt: $steps.c has no "fond"; did you mean "found"? (known: found, inner)',
    ])
  })
})

describe('a text that looks like an expression', () => {
  it.each<[string, string]>([
    ['$input.name', '$input.name'],
    ['$steps.a.text[0]', '$steps.a.text[0]'],
    ['$.input.name', '$input.name'],
    ['{{ $input.name }}', '$input.name'],
    ['{{input.name}}', '$input.name'],
    ['{{ name }}', '$input.name'],
    ['${input.name}', '$input.name'],
    ['${{ steps.a.text }}', '$steps.a.text'],
    ['Dear {{ input.name }}, hello', '$input.name'],
  ])('is told: %s', (text, meant) => {
    const [problem = ''] = problemsOf(workflowOf({ a: write({ prompt: text }) }))
    expect(problem).toContain(
      `looks-like-expression steps.a.input.prompt: ${JSON.stringify(text)} looks like`,
    )
    expect(problem).toContain(`"{% ${meant} %}"`)
  })

  it.each([
    '$row.amount > 5',
    '$count($value.rows) > 0',
    'costs $5',
    'the variable $input.name of a workflow',
    '${HOME}',
    'Dear {{ customer }}, hello',
    "{% '{{ name }}' %}",
    "{% '$input.name' %}",
    '{ "a": 1 }',
    '$',
    '{{}}',
  ])('is not %s', (text) => {
    expect(problemsOf(workflowOf({ a: write({ prompt: text }) }))).toEqual([])
  })
})

const echo = { capability: 'echo' }
const many = (text: string, times: number): string => Array(times).fill(text).join(',')
const emits = (count: number): object =>
  Object.fromEntries(
    Array.from({ length: count }, (_, at) => [`e${at}`, { emit: { type: 'x', data: { [`f${at}`]: at } } }]),
  )

describe('the time of the check', () => {
  it('is less than 200 ms of computing for 500 steps', () => {
    const steps: Record<string, object> = { s0: good }
    for (let at = 1; at < 500; at++)
      steps[`s${at}`] = write({
        prompt: `{% $steps.s${at - 1}.text & $join($steps.s${at - 1}.parts.title, ", ") & "${at}" %}`,
        most: `{% $count($steps.s${at - 1}.parts) %}`,
      })
    const { workflow } = validateWorkflow(workflowOf(steps))
    const milliseconds = [1, 2, 3, 4].map(() => {
      const begin = process.cpuUsage()
      expect(issuesOfTypes(workflow as Workflow, CATALOGUE)).toEqual([])
      return process.cpuUsage(begin).user / 1_000
    })
    expect(Math.min(...milliseconds)).toBeLessThan(200)
  })

  it.each<[string, object]>([
    [
      'all outputs again and again',
      { ...emits(300), a: { ...echo, needs: [], input: `{% [${many('$steps.*', 1_600)}] %}` } },
    ],
    [
      'functions that call themselves',
      { a: { ...echo, input: `{% ($f := function($x) { [${many('$f($x)', 60)}] }; $f({})) %}` } },
    ],
    ['copies of a large input', { a: { ...echo, input: `{% [${many('$merge($input)', 1_000)}] %}` } }],
    ['unknown members of a large input', { a: { ...echo, input: `{% [${many('$input.q', 1_000)}] %}` } }],
  ])('is bounded for %s (types/Q5)', (_what, steps) => {
    const properties = Object.fromEntries(
      Array.from({ length: 5_000 }, (_, at) => [`p${at}`, { type: 'string' }]),
    )
    const begin = cpuMilliseconds()
    validateWorkflow({ name: 'w', input: { type: 'object', properties }, steps })
    expect(cpuMilliseconds() - begin).toBeLessThan(3_000)
  })

  it('is bounded for bodies in bodies, and for a list of alternatives that repeat', () => {
    let steps: object = { a: good }
    for (let depth = 0; depth < 7; depth++)
      steps = { [`l${depth}`]: { repeat: { steps, until: '{% $iteration > 1 %}', maxIterations: 2 } } }
    const begin = cpuMilliseconds()
    expect(problemsOf(workflowOf(steps))).toEqual([])
    expect(cpuMilliseconds() - begin).toBeLessThan(2_000)
  })
})
