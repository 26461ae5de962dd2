import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { StageSchema } from '../../../infra/stage.ts'
import * as requests from '../../../shared/contracts/requests.ts'
import { AgentManifestSchema } from '../../../shared/domain/agent.ts'
import { withoutWrapping } from '../../../shared/domain/describe-schema.ts'
import { describeIssues, type Issue } from '../../../shared/domain/issue.ts'
import { issuesOfZod } from '../../../shared/domain/issues-of-zod.ts'
import { shown } from '../../../shared/domain/shown.ts'
import { stepSchemaFor, WorkflowHeadSchema } from '../../../shared/workflow/schema.ts'
import { validateWorkflow } from '../../../shared/workflow/validate-workflow.ts'

const WRONG = [
  5,
  -1,
  0,
  2.5,
  5_000,
  1e15,
  true,
  null,
  '',
  'lots',
  'x'.repeat(700),
  [],
  [5],
  [1, 2],
  {},
  { nope: 1 },
  [{ nope: 1 }],
  Array(60).fill('a'),
  { ['k'.repeat(80)]: 'v' },
] as const

/** Zod's own wording (issues/W1). */
const OF_ZOD = /Invalid|expected|received|Too big|Too small|Unrecognized|nonoptional/

describe('a required field that is missing', () => {
  const field = z.string()
  const nested = z.object({ who: z.object({ name: field }) })
  const told = (schema: z.ZodType, value: unknown) =>
    issuesOfZod(schema.safeParse(value).error ?? { issues: [] }, { schema, value, path: 'input' }).map(
      ({ path, message }) => [path, message],
    )
  const json: Parameters<typeof z.fromJSONSchema>[0] = {
    type: 'object',
    required: ['name'],
    properties: { name: { type: 'string' } },
  }

  it.each([
    ['an object', z.object({ name: field }), { nmae: 'Ada' }, 'input.name'],
    ['a loose object', z.looseObject({ name: field }), { nmae: 'Ada', other: 1 }, 'input.name'],
    ['a JSON Schema', z.fromJSONSchema(json), { nmae: 'Ada' }, 'input.name'],
    ['an object inside', nested, { who: { nmae: 'Ada' } }, 'input.who.name'],
  ])('of %s is told with the name that stands in its place', (_what, schema, value, path) => {
    expect(told(schema, value)).toEqual([
      [path, 'is required; it must be text; there is "nmae" instead: is it misspelt?'],
    ])
  })

  it.each([
    ['any value', z.object({ x: z.any() }).required(), {}],
    [
      'any value of a JSON Schema',
      z.fromJSONSchema({ type: 'object', required: ['x'], properties: { x: {} } }),
      {},
    ],
  ])('of %s is told without what it must be', (_what, schema, value) => {
    expect(told(schema, value)).toEqual([['input.x', 'is required; any value will do']])
  })

  it('that was optional before is told with what it must be', () => {
    expect(told(z.object({ x: z.string().optional() }).required(), {})).toEqual([
      ['input.x', 'is required; it must be text'],
    ])
  })

  it.each([
    ['nothing like it', z.object({ name: field }), { colour: 'red' }],
    ['another known field', z.object({ name: field, named: field }), { named: 'x' }],
    ['no object', z.object({ name: field }), {}],
    ['names that are too long to compare', z.object({ name: field }), { [`name${'e'.repeat(200)}`]: 1 }],
  ])('is told alone where there is %s', (_what, schema, value) => {
    expect(told(schema, value)).toEqual([['input.name', 'is required; it must be text']])
  })

  it('is told alone where the unknown one is refused anyway', () => {
    expect(told(z.strictObject({ name: field }), { nmae: 'x' })).toEqual([
      ['input.name', 'is required; it must be text'],
      ['input.nmae', expect.stringContaining('did you mean "name"?')],
    ])
  })
})

/** Every field of a schema, nested ones included, as a path. */
function fieldsOf(schema: z.core.$ZodType, depth = 0): string[][] {
  const { def } = withoutWrapping(schema)._zod
  if (depth > 5) return []
  if (def.type === 'object')
    return Object.entries(def.shape).flatMap(([name, one]) => [
      [name],
      ...fieldsOf(one, depth + 1).map((path) => [name, ...path]),
    ])
  if (def.type === 'array') return [['0'], ...fieldsOf(def.element, depth + 1).map((path) => ['0', ...path])]
  if (def.type === 'record')
    return [['x'], ...fieldsOf(def.valueType, depth + 1).map((path) => ['x', ...path])]
  return def.type === 'union' ? def.options.flatMap((one) => fieldsOf(one, depth + 1)) : []
}

/** A copy with another value at a path; undefined if the path does not exist. */
function withValue(base: unknown, [first, ...rest]: readonly string[], value: unknown): unknown {
  if (first === undefined) return value
  const around = base === undefined ? (first === '0' ? [] : {}) : structuredClone(base)
  const inner = typeof around === 'object' && around !== null ? Reflect.get(around, first) : undefined
  return Array.isArray(around)
    ? [withValue(inner, rest, value)]
    : { ...(around as object), [first]: withValue(inner, rest, value) }
}

function expectPlain(issues: readonly Issue[], given: unknown): void {
  const quotes = [...valuesIn(given)]
  expect(issues.map(({ code, path, message }) => [message, faultsOf(code, path, message, quotes)])).toEqual(
    issues.map(({ message }) => [message, []]),
  )
}

function faultsOf(code: string, path: string, message: string, quotes: readonly string[]): string[] {
  const name = (path.split('.').at(-1) ?? '').slice(0, 60)
  const isMissing = /^is required/.test(message)
  const faults = {
    'words of zod': OF_ZOD.test(message),
    'says not what would be right': !/; .{5}|^give one of|^a step names a capability/.test(message),
    'says not what is wrong': !isMissing && path !== '' && !message.includes(name.replace(/\[\d+\]$/, '')),
    'shows no value':
      !isMissing && path !== '' && code !== 'no-kind' && !quotes.some((one) => message.includes(one)),
  }
  const isOfName = code === 'unknown-field' && message.includes(`has no "${name}`)
  return Object.entries(faults).flatMap(([fault, is]) =>
    is && !(isOfName && fault === 'shows no value') ? [fault] : [],
  )
}

/** Every value and name inside, as messages quote it. */
function* valuesIn(value: unknown): Generator<string> {
  yield shown(value).slice(0, 20)
  if (typeof value !== 'object' || value === null) return
  for (const [name, one] of Object.entries(value)) {
    yield shown(name).slice(0, 20)
    yield* valuesIn(one)
  }
}

const echo = { capability: 'echo' }
const KINDS: Record<string, object> = {
  agent: { ...echo, forEach: '{% [1] %}' },
  repeat: { repeat: { steps: { a: echo }, until: '{% true %}', maxIterations: 2 } },
  steps: { forEach: '{% [1] %}', steps: { a: echo } },
  approval: { approval: { prompt: 'Go?', timeoutSeconds: 60 } },
  wait: { wait: { seconds: 1 } },
  workflow: { workflow: 'kid' },
  emit: { emit: { type: 'done' } },
}

/** Fields that all kinds of steps share: tested on one kind. */
const COMMON = ['description', 'needs', 'when', 'join', 'onFailure']

describe('every field of the language with wrong values', () => {
  for (const [kind, step] of Object.entries(KINDS)) {
    const isOwn = (path: readonly string[]): boolean =>
      (path.join() === 'steps' || !path.includes('steps')) &&
      (kind === 'agent' || !COMMON.includes(path[0] ?? ''))
    const fields = fieldsOf(stepSchemaFor(step)).filter(isOwn)
    it.each(fields.map((path) => [path.join('.'), path] as const))(`a step of ${kind}: %s`, (_name, path) => {
      const refused = WRONG.map((value) => {
        const given = withValue(step, path, value)
        const { issues } = validateWorkflow({ name: 'w', steps: { s: given } })
        expectPlain(issues, given)
        return issues.length
      })
      // Members of a schema may have any value that is not for one of JSON Schema's own words.
      const takesAnything =
        /^input|output|data|value$/.test(path.at(-1) ?? '') || ['schema', 'edit'].includes(path.at(-2) ?? '')
      if (!takesAnything) expect(Math.max(...refused)).toBeGreaterThan(0)
    })
  }

  it.each(fieldsOf(WorkflowHeadSchema).map((path) => [path.join('.'), path] as const))(
    'a workflow: %s',
    (_name, path) => {
      for (const value of WRONG) {
        const base = { name: 'w', steps: { a: echo } }
        expectPlain(validateWorkflow(withValue(base, path, value)).issues, value)
      }
    },
  )

  it.each([[5], [null], ['text'], [[]], [[{}]]])('a step, steps and a workflow that are %j', (value) => {
    for (const source of [{ name: 'w', steps: { a: value } }, { name: 'w', steps: value }, value]) {
      const { issues } = validateWorkflow(typeof source === 'string' ? JSON.stringify(source) : source)
      expect(issues.length).toBeGreaterThan(0)
      expectPlain(issues, value)
    }
  })
})

describe('every field of a request, a manifest and a stage with wrong values', () => {
  const schemas = { ...requests, AgentManifestSchema, StageSchema }
  const all = Object.entries<unknown>(schemas).flatMap(([name, schema]) =>
    schema instanceof z.ZodType && withoutWrapping(schema)._zod.def.type === 'object'
      ? [{ name, schema }]
      : [],
  )
  const cases = all.flatMap(({ name, schema }) =>
    fieldsOf(schema).map((path) => [name, path.join('.'), schema, path] as const),
  )
  it.each(cases)('%s: %s', (_name, _field, schema, path) => {
    for (const wrong of WRONG) {
      const value = withValue({}, path, wrong)
      const { error } = schema.safeParse(value)
      if (!error) continue
      expectPlain(issuesOfZod(error, { schema, value }), value)
      // Also without access to value and schema.
      const bare = issuesOfZod(error).map(({ message }) => message)
      expect(
        bare.filter((one) => OF_ZOD.test(one) || !/^is required|; .{3}|^give one of|at most/.test(one)),
      ).toEqual([])
    }
  })
})

describe('what is said', () => {
  it.each<[object, string, string]>([
    [
      { timeoutSeconds: 5_000 },
      'timeoutSeconds',
      'timeoutSeconds is 5000; it must be a number above 0 and at most 840',
    ],
    [{ when: 5 }, 'when', 'when is 5; a condition is written "{% ... %}"'],
    [{ forEach: [1, 2] }, 'forEach', 'forEach is [1,2]; a list to go through is written "{% ... %}"'],
    [{ forEach: {} }, 'forEach', 'forEach is {}; a list to go through is written "{% ... %}"'],
    [
      { retry: 3 },
      'retry',
      'retry is 3; it must be an object {maxAttempts?, intervalSeconds?, backoffRate?, maxDelaySeconds?, on?}',
    ],
    [
      { retry: { maxAttempts: 0 } },
      'retry.maxAttempts',
      'maxAttempts is 0; it must be a whole number from 1 to 20',
    ],
    [
      { retry: { maxAttemps: 2 } },
      'retry.maxAttemps',
      'retry has no "maxAttemps"; did you mean "maxAttempts"? (known: backoffRate, intervalSeconds, maxAttempts, maxDelaySeconds, on)',
    ],
    [
      { needs: 'a' },
      'needs',
      'needs is "a"; it must be a list, each of them text (a step id starts with a-z, has letters, digits and _, at most 48 characters)',
    ],
    [{ agent: 5 }, 'agent', 'agent is 5; it must be text'],
    [{ cache: 'yes' }, 'cache', 'cache is "yes"; it must be an object {ttlSeconds}'],
    [
      { join: 'setled' },
      'join',
      'join is "setled"; it must be one of "all", "any", "settled"; did you mean "settled"?',
    ],
    [
      { onFailure: 'contnue' },
      'onFailure',
      'onFailure is "contnue"; it must be one of "fail", "continue", or an object {output}, or an object {step}; did you mean "continue"?',
    ],
  ])('%j', (fields, path, message) => {
    const { issues } = validateWorkflow({ name: 'w', steps: { a: echo, s: { ...echo, ...fields } } })
    expect(issues.map((one) => [one.path, one.message])).toEqual([[`steps.s.${path}`, message]])
  })

  it('is about the alternative that is meant (issues/W2)', () => {
    const schema = z.union([
      z.strictObject({ a: z.number() }),
      z.strictObject({ b: z.object({ c: z.number() }) }),
    ])
    const value = { b: { c: 'x' } }
    const { error } = schema.safeParse(value)
    expect(error && issuesOfZod(error, { schema, value, path: 'at' })).toEqual([
      { code: 'invalid-value', path: 'at.b.c', message: 'c is "x"; it must be a number' },
    ])
  })

  it('tells twenty of many unknown fields, and how many more there are', () => {
    const schema = z.strictObject({ a: z.number() })
    const value = { a: 1, ...Object.fromEntries(Array.from({ length: 20_000 }, (_, at) => [`k${at}`, 1])) }
    const { error } = schema.safeParse(value)
    const issues = error ? issuesOfZod(error, { schema, value, what: 'the request' }) : []
    expect(issues).toHaveLength(21)
    expect(issues[20]?.message).toBe('the request has 19980 more fields that are unknown; leave them out')
  })

  it('counts all, and tells the first thousand', () => {
    const schema = z.array(z.number())
    const value = Array(3_000).fill('x')
    const { error } = schema.safeParse(value)
    const issues = error ? issuesOfZod(error, { schema, value, path: 'rows' }) : []
    expect(issues).toHaveLength(3_000)
    expect(issues[999]?.message).toBe('rows[999] is "x"; it must be a number')
    expect(describeIssues(issues)).toMatch(/^rows\[0\]: .* and 2980 more$/)
  })

  it("keeps an author's own words (issues/W3)", () => {
    const schema = z.object({ n: z.number().refine((n) => n % 2 === 0, 'a pair has an even number') })
    const value = { n: 3 }
    const { error } = schema.safeParse(value)
    expect(error && issuesOfZod(error, { schema, value })).toEqual([
      { code: 'invalid-value', path: 'n', message: 'n is 3; a pair has an even number' },
    ])
  })
})
