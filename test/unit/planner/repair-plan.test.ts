import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../../shared/domain/json.ts'
import { plannerCatalogue } from '../../../shared/planner/planner-catalogue.ts'
import { repairPlan } from '../../../shared/planner/repair-plan.ts'
import { capability } from '../../support/planner/world.ts'

const CATALOGUE = plannerCatalogue([
  {
    id: 'texts',
    version: '1.0.0',
    capabilities: [
      capability(
        'text.fetch',
        { url: { type: 'string' }, maxBytes: { type: 'integer' }, raw: { type: 'boolean' } },
        ['url'],
      ),
      capability(
        'text.join',
        { texts: { type: 'array', items: { type: 'string' } }, order: { enum: ['asc', 'desc'] } },
        ['texts'],
      ),
      capability('translation', { text: { type: 'string' } }, ['text']),
    ],
  },
  {
    id: 'mail',
    version: '1.0.0',
    tags: ['effect'],
    capabilities: [capability('mail.send', { to: { type: 'string' } }, ['to'])],
  },
])

const repair = (steps: unknown, more: JsonObject = {}) =>
  repairPlan({ name: 'p', steps: steps as JsonObject, ...more }, CATALOGUE)
const stepsOf = (steps: unknown) => repair(steps).workflow.steps
const told = (steps: unknown) =>
  repair(steps).repairs.map(({ rule, path, message }) => `${rule} ${path}: ${message}`)

const fetch = (more: JsonObject = {}): JsonObject => ({
  capability: 'text.fetch',
  input: { url: 'u' },
  ...more,
})

describe('the steps of a draft', () => {
  it('are written as a map where they are a list', () => {
    const list = [{ id: 'get', ...fetch() }, fetch({ needs: ['get'] })]
    expect(stepsOf(list)).toEqual({ get: fetch(), s2: fetch({ needs: ['get'] }) })
    expect(told(list)).toEqual(['steps steps: wrote the list of 2 steps as a map by their ids'])
  })

  it('are left alone where they are more than any plan may have', () => {
    const many = Object.fromEntries(
      Array.from({ length: 3_000 }, (_, at) => [`Step ${at}`, { capability: 'TextFetch' }]),
    )
    expect(repair(many)).toEqual({ workflow: { name: 'p', steps: many }, repairs: [] })
  })

  it('stay a list where two have one id: which of them is needed is not known', () => {
    const list = [
      { id: 'a', ...fetch() },
      { id: 'a', ...fetch() },
    ]
    expect(stepsOf(list)).toEqual(list)
  })

  it('get ids that the language takes, wherever they are mentioned', () => {
    const steps = {
      'Fetch page': fetch(),
      '2': fetch({ needs: ['Fetch page'], when: '{% $status.`Fetch page` = "succeeded" %}' }),
      join: {
        capability: 'text.join',
        input: { texts: ['{% $steps."Fetch page".text %}'] },
        onFailure: { step: '2' },
      },
    }
    expect(stepsOf(steps)).toEqual({
      s2: fetch({ needs: ['fetch_page'], when: '{% $status.fetch_page = "succeeded" %}' }),
      fetch_page: fetch(),
      join: {
        capability: 'text.join',
        input: { texts: ['{% $steps.fetch_page.text %}'] },
        onFailure: { step: 's2' },
      },
    })
  })

  it('have fields by the words of this language', () => {
    const steps = {
      a: { tool: 'text.fetch', args: { url: 'u' } },
      b: { ...fetch(), depends_on: ['a'], when: null, retry: null },
    }
    expect(stepsOf(steps)).toEqual({ a: fetch(), b: fetch({ needs: ['a'] }) })
    expect(told(steps)).toEqual([
      'field steps.a.tool: "tool" is written "capability"',
      'field steps.a.args: "args" is written "input"',
      'field steps.b.when: left out "when", which is null',
      'field steps.b.retry: left out "retry", which is null',
      'field steps.b.depends_on: "depends_on" is written "needs"',
    ])
  })

  it.each(['__proto__', 'constructor', 'toString'])(
    'may have the field or id %s, which is no more than its letters',
    (name) => {
      const field = JSON.parse(
        `{"a": {"capability": "text.fetch", "${name}": {"capability": "mail.send"}}}`,
      ) as JsonObject
      expect(JSON.stringify(stepsOf(field))).toBe(JSON.stringify(field))
      const id = JSON.parse(`{"a": {"capability": "text.fetch", "needs": ["${name}"]}}`) as JsonObject
      expect(stepsOf(id)).toEqual({ a: { capability: 'text.fetch', needs: [] } })
      const input = JSON.parse(
        `{"a": {"capability": "text.fetch", "input": {"url": "u", "${name}": {"url": "v"}}}}`,
      ) as JsonObject
      expect(JSON.stringify(stepsOf(input))).toBe(JSON.stringify(input))
    },
  )

  it('keep a field that no word of the language is meant by', () => {
    const steps = { a: fetch({ priority: 3, needz: [] }) }
    expect(stepsOf(steps)).toEqual(steps)
  })
})

describe('the needs of a step', () => {
  it.each([
    ['of a step by itself', { a: fetch({ needs: ['a'] }) }, { a: [] }],
    ['of nothing', { a: fetch({ needs: ['nowhere'] }) }, { a: [] }],
    ['in other letters', { getPage: fetch(), b: fetch({ needs: ['get_page'] }) }, { b: ['getPage'] }],
    [
      'by a capability that one step calls',
      { a: fetch(), b: { capability: 'translation', needs: ['text.fetch'] } },
      { b: ['a'] },
    ],
    [
      'by a capability that two steps call',
      { a: fetch(), b: fetch(), c: { capability: 'translation', needs: ['text.fetch'] } },
      { c: ['text.fetch'] },
    ],
    [
      'by positions from 0',
      { a: fetch(), b: fetch({ needs: [0] }), c: fetch({ needs: [0, '1'] }) },
      { b: ['a'], c: ['a', 'b'] },
    ],
    [
      'by positions from 1',
      { a: fetch(), b: fetch({ needs: [1] }), c: fetch({ needs: [2] }) },
      { b: ['a'], c: ['b'] },
    ],
    [
      'by positions that may be counted either way',
      { a: fetch(), b: fetch(), c: fetch({ needs: [1] }) },
      { c: [1] },
    ],
    ['as one name', { a: fetch(), b: fetch({ needs: 'a' }) }, { b: ['a'] }],
    [
      'in a circle, of which none is known to be wrong',
      { a: fetch({ needs: ['b'] }), b: fetch({ needs: ['a'] }) },
      { a: ['b'], b: ['a'] },
    ],
  ])('%s', (_what, steps, right) => {
    const found = stepsOf(steps) as Record<string, JsonObject>
    expect(Object.fromEntries(Object.keys(right).map((id) => [id, found[id]?.needs]))).toEqual(right)
  })
})

describe('the capability of a step', () => {
  it('is the one that its name means, which is said with the reason', () => {
    expect(repair({ a: { capability: 'TextFetch', input: { url: 'u' } } })).toMatchObject({
      workflow: { steps: { a: fetch() } },
      repairs: [
        {
          rule: 'capability',
          path: 'steps.a.capability',
          message: 'there is no "TextFetch"; it is understood as "text.fetch": the same words',
        },
      ],
    })
  })

  it('is marked where it is guessed', () => {
    expect(repair({ a: { capability: 'Machine Translation', input: { text: 't' } } }).repairs).toMatchObject([
      { guessed: true },
    ])
  })

  it('is never guessed to be one with effects (repair-plan/R4)', () => {
    const steps = { a: { capability: 'Bulk Mail Send' } }
    expect(stepsOf(steps)).toEqual(steps)
    expect(stepsOf({ a: { capability: 'MailSend' } })).toEqual({ a: { capability: 'mail.send' } })
  })

  it('may stand where an agent is named', () => {
    expect(stepsOf({ a: { agent: 'text.fetch', input: { url: 'u' } } })).toEqual({ a: fetch() })
    expect(stepsOf({ a: { agent: 'mail' } })).toEqual({ a: { agent: 'mail' } })
  })

  it('is repaired in bodies, too', () => {
    const body = { inner: { capability: 'TextFetch', input: { url: '{% $item %}' }, needs: ['gone'] } }
    const right = { inner: { capability: 'text.fetch', input: { url: '{% $item %}' }, needs: [] } }
    expect(stepsOf({ each: { forEach: '{% $input.urls %}', steps: body } })).toEqual({
      each: { forEach: '{% $input.urls %}', steps: right },
    })
    const loop = (steps: JsonObject): JsonObject => ({
      repeat: { steps, until: '{% true %}', maxIterations: 2 },
    })
    expect(stepsOf({ loop: loop(body) })).toEqual({ loop: loop(right) })
  })
})

describe('the input of a step', () => {
  it.each<[string, JsonObject, JsonObject]>([
    ['names in another form', { URL: 'u', max_bytes: 3 }, { url: 'u', maxBytes: 3 }],
    [
      'numbers and truth values as text',
      { url: 'u', maxBytes: '10', raw: 'True' },
      { url: 'u', maxBytes: 10, raw: true },
    ],
    ['null for what may be left out', { url: 'u', raw: null }, { url: 'u' }],
    [
      'text for a number that would lose something',
      { url: 'u', maxBytes: '010' },
      { url: 'u', maxBytes: '010' },
    ],
    ['a number that is no whole one', { url: 'u', maxBytes: '1.5' }, { url: 'u', maxBytes: '1.5' }],
    ['an unknown member', { url: 'u', timeout: 3 }, { url: 'u', timeout: 3 }],
    ['two members for one', { url: 'u', URL: 'v' }, { url: 'u', URL: 'v' }],
    ['null for what is required', { url: null }, { url: null }],
  ])('%s', (_what, input, right) => {
    expect(stepsOf({ a: { capability: 'text.fetch', input } })).toEqual({
      a: { capability: 'text.fetch', input: right },
    })
  })

  it('is a list of one where a list is wanted, and a constant in its own letters', () => {
    const steps = { a: { capability: 'text.join', input: { texts: 'one', order: 'ASC' } } }
    expect(stepsOf(steps)).toEqual({
      a: { capability: 'text.join', input: { texts: ['one'], order: 'asc' } },
    })
  })
})

describe('expressions', () => {
  it.each([
    ['$steps.get.text', '{% $steps.get.text %}'],
    ['{{ steps.get.text }}', '{% $steps.get.text %}'],
    ['${steps.get.text}', '{% $steps.get.text %}'],
    ['$input.url', '{% $input.url %}'],
    ['{% $steps.Get.text %}', '{% $steps.get.text %}'],
    ['$steps.gone.text', '$steps.gone.text'],
    ['costs $input and more', 'costs $input and more'],
    ['{{ name }}', '{{ name }}'],
  ])('%s is written %s', (given, right) => {
    const found = stepsOf({
      get: fetch(),
      b: { capability: 'translation', input: { text: given } },
    }) as Record<string, JsonObject>
    expect(found.b?.input).toEqual({ text: right })
  })
})

describe('the head of a workflow', () => {
  it.each([
    ['My Plan!', 'my-plan'],
    [undefined, 'plan'],
    ['2026', 'plan'],
    ['é', 'plan'],
  ])('gets a name: %s is %s', (name, right) => {
    const given = { steps: {}, ...(name === undefined ? {} : { name }) }
    expect(repairPlan(given, CATALOGUE).workflow.name).toBe(right)
  })
})
