import { describe, expect, it } from 'vitest'
import { stepSchemaFor } from '../../../shared/workflow/schema.ts'
import { validateWorkflow } from '../../../shared/workflow/validate-workflow.ts'

const echo = { capability: 'echo' }
const body = { a: echo, b: { ...echo, input: '{% $steps.a %}' } }

/** A workflow that is valid except for one step, on which the others depend in every possible way. */
const around = (bad: unknown) => ({
  name: 'w',
  steps: {
    first: echo,
    bad,
    after: { ...echo, needs: ['bad'], when: '{% $status.bad = "succeeded" %}', input: '{% $steps.bad.x %}' },
    mend: { ...echo, input: '{% $error.message %}' },
    loop: {
      repeat: {
        steps: { inner: { ...echo, input: '{% $steps.bad %}' } },
        until: '{% true %}',
        maxIterations: 2,
      },
    },
    last: { ...echo, join: 'settled', needs: ['after'], input: '{% $errors.bad %}' },
  },
  output: '{% $steps.bad %}',
})

const placesOf = (source: unknown): string[] => validateWorkflow(source).issues.map(({ path }) => path)
/** Handlers of its own are irrelevant here. */
const handled = { onFailure: { step: 'mend' } }

describe('a step that is wrong makes no other step look wrong (stand-in/S1, stand-in/S2)', () => {
  it.each<[string, unknown, string[]]>([
    ['a time', { ...echo, ...handled, timeoutSeconds: 5_000 }, ['timeoutSeconds']],
    ['nothing', null, ['']],
    ['a text', 'echo', ['']],
    ['an agent', { ...handled, agent: 5 }, ['agent']],
    ['a field that is misspelt', { ...echo, ...handled, retyr: 3 }, ['retyr']],
    ['a list to go through', { ...echo, ...handled, forEach: [1], input: '{% $item %}' }, ['forEach']],
    ['a list, misspelt', { ...echo, ...handled, forEeach: '{% [1] %}', input: '{% $item %}' }, ['forEeach']],
    [
      'needs that are a text',
      { ...echo, ...handled, needs: 'first', input: '{% $keys($steps) %}' },
      ['needs'],
    ],
    [
      'one of its needs',
      { ...echo, ...handled, needs: ['first', 5], input: '{% $keys($steps) %}' },
      ['needs[1]'],
    ],
    ['needs, misspelt', { ...echo, ...handled, need: ['first'], input: '{% $keys($steps) %}' }, ['need']],
    ['a handler', { ...echo, onFailure: { stp: 'mend' } }, ['onFailure']],
    ['a handler and more', { ...echo, onFailure: { step: 'mend', x: 1 } }, ['onFailure.x']],
    ['onFailure, misspelt', { ...echo, onFailur: { step: 'mend' } }, ['onFailur']],
    ['a loop', { ...handled, repeat: { steps: body, until: 5, maxIterations: 2 } }, ['repeat.until']],
    [
      'a loop without an end',
      { ...handled, repeat: { steps: body } },
      ['repeat.until', 'repeat.maxIterations'],
    ],
    [
      'a step in a loop',
      {
        ...handled,
        repeat: { steps: { ...body, a: { capability: 5 } }, until: '{% $steps.b %}', maxIterations: 2 },
      },
      ['repeat.steps.a.capability'],
    ],
    [
      'a loop without steps',
      { ...handled, repeat: { steps: {}, until: '{% true %}', maxIterations: 2 } },
      ['repeat.steps'],
    ],
    ['a loop that is none', { ...handled, repeat: 3 }, ['repeat']],
    [
      'a loop with a list of texts',
      { ...handled, repeat: { steps: ['draft'], until: '{% true %}', maxIterations: 2 } },
      ['repeat.steps'],
    ],
    [
      'a loop with a list of steps',
      {
        ...handled,
        repeat: { steps: [{ ...echo, onFailure: null }], until: '{% true %}', maxIterations: 2 },
      },
      ['repeat.steps'],
    ],
    [
      'a step in a fan-out',
      {
        ...handled,
        forEach: '{% [1] %}',
        steps: { ...body, a: { ...echo, input: '{% $item %}', retry: 3 } },
      },
      ['steps.a.retry'],
    ],
    ['a fan-out without a list', { ...handled, steps: body, output: '{% $steps.b %}' }, ['forEach']],
    ['an approval', { ...handled, approval: { prompt: '{% $steps.first %}' } }, ['approval.timeoutSeconds']],
    ['a wait', { ...handled, wait: 'long' }, ['wait']],
    ['a child', { ...handled, workflow: 'No Name', input: '{% $steps.first %}' }, ['workflow']],
    ['an event', { ...handled, emit: 'done' }, ['emit']],
  ])('%s', (_what, bad, paths) => {
    const told = paths.map((path) => (path ? `steps.bad.${path}` : 'steps.bad'))
    // A value that is no step has no handler, so `mend` sees no failure.
    const hasHandler = typeof bad === 'object' && bad !== null
    expect(placesOf(around(bad))).toEqual(hasHandler ? told : [...told, 'steps.mend.input'])
  })

  const fields = Object.keys(stepSchemaFor({}).shape)
  it.each(fields)('with any wrong value of %s', (field) => {
    for (const wrong of [5, -1, null, 'lots', [], [5], {}, { nope: 1 }, true]) {
      const places = placesOf(around({ ...echo, ...handled, [field]: wrong })).map((path) =>
        path.split('.').slice(0, 3).join('.').replace(/\[.*/, ''),
      )
      // `$error` is not known without a handler; that is told where onFailure itself is right.
      const others = field === 'onFailure' ? ['steps.mend.input'] : []
      expect([`steps.bad.${field}`, ...others]).toEqual(expect.arrayContaining(places))
    }
  })

  it('has no field that is wrong, however many issues there are before it', () => {
    const steps = { a: { ...echo, needs: Array<number>(1_500).fill(1), onFailure: null } }
    const places = placesOf({ name: 'w', steps })
    expect(places.length).toBeGreaterThan(1_000)
    expect(places[0]).toBe('steps.a.needs[0]')
  })

  it('takes little time over a misspelt field of many expressions (stand-in/S3)', () => {
    const inputs = Object.fromEntries(
      Array.from({ length: 5_000 }, (_, at) => [`k${at}`, `{% $steps.q${at} %}`]),
    )
    const began = process.cpuUsage()
    expect(placesOf(JSON.stringify({ name: 'w', steps: { a: { ...echo, inputs } } }))).toEqual([
      'steps.a.inputs',
    ])
    expect(process.cpuUsage(began).user).toBeLessThan(3_000_000)
  })

  it('joins as it was meant', () => {
    const steps = {
      a: { ...echo, ...handled },
      mend: echo,
      both: { ...echo, needs: ['a', 'mend'], join: 'anny' },
    }
    expect(placesOf({ name: 'w', steps })).toEqual(['steps.both.join'])
  })

  it('checks steps beside a head that is wrong', () => {
    expect(
      placesOf({ name: 'W', steps: { a: { ...echo, needs: ['x'] } }, output: '{% $steps.b %}' }),
    ).toEqual(['name', 'steps.a.needs[0]', 'output'])
  })
})

describe('expressions of a step that is wrong are checked (stand-in/S1, stand-in/S3)', () => {
  it.each<[string, object, string[]]>([
    [
      'in a right field',
      { timeoutSeconds: 0, input: { x: '{% $steps.nope %}' } },
      ['timeoutSeconds', 'input.x'],
    ],
    [
      'in a wrong field',
      { cache: { ttl: '{% $input.x + %}' } },
      ['cache.ttl', 'cache.ttlSeconds', 'cache.ttl'],
    ],
    ['in an unknown field', { inputs: { x: '{% $steps.nope %}' } }, ['inputs', 'inputs.x']],
    ['names that only some fields see', { inputs: { x: '{% $item & $error & $index %}' } }, ['inputs']],
    ['needs', { timeoutSeconds: 0, needs: ['nope', 'first'] }, ['timeoutSeconds', 'needs[0]']],
    ['a cycle', { timeoutSeconds: 0, needs: ['after'] }, ['timeoutSeconds']],
  ])('%s', (what, fields, paths) => {
    const places = placesOf(around({ ...echo, ...handled, ...fields }))
    const told = paths.map((path) => `steps.bad.${path}`)
    expect(places.sort()).toEqual([...told, ...(what === 'a cycle' ? ['steps'] : [])].sort())
  })
})
