import { Ajv } from 'ajv'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Json } from '../../shared/domain/json.ts'
import { parseStructure } from '../../shared/workflow/parse-structure.ts'
import { validateWorkflow } from '../../shared/workflow/validate-workflow.ts'
import { workflowJsonSchema } from '../../shared/workflow/workflow-json-schema.ts'
import { workflows } from '../support/random/random-workflows.ts'

const fits = new Ajv({ strict: true, strictRequired: false, strictTypes: false })
  .addVocabulary(['patternErrorMessage'])
  .compile(workflowJsonSchema())
/** Codes of issues about the structure; others are about names, expressions and graphs, which JSON Schema cannot say. */
const OF_STRUCTURE = ['invalid-value', 'unknown-field', 'no-steps', 'no-kind', 'steps-as-list']
const structuralIssues = (value: unknown) =>
  parseStructure(value).issues.filter(({ code }) => OF_STRUCTURE.includes(code))

/** One step of every kind, with every field that it may have. */
const EVERYTHING = {
  $schema: '../schemas/workflow.schema.json',
  'x-defaults': { retry: [1, 'anything'] },
  name: 'everything',
  version: 3,
  description: 'All of it',
  taskTypes: ['one', 'two'],
  input: { type: 'object', properties: { a: { type: 'string' } } },
  output: ['{% $input %}', 1],
  steps: {
    agent: {
      'x-note': { any: 'thing' },
      description: 'An agent',
      needs: ['wait'],
      when: '{% true %}',
      join: 'any',
      onFailure: { step: 'emit' },
      capability: 'text.write',
      agent: 'writer@3',
      input: { prompt: 'Say {% $item %}' },
      forEach: '{% [1, 2] %}',
      maxItems: 10,
      maxConcurrency: 2,
      tolerate: '10%',
      bind: 'late',
      timeoutSeconds: 0.5,
      retry: { maxAttempts: 2, intervalSeconds: 1, backoffRate: 1.5, maxDelaySeconds: 9 },
      fallback: ['other', 'text.write'],
      prefer: { quality: 1, cost: 0, latency: 2.5, tags: ['eu'] },
      cache: { ttlSeconds: 60 },
    },
    loop: {
      repeat: {
        steps: { inner: { agent: 'writer', onFailure: 'continue' } },
        until: ' {% true %}\n',
        maxIterations: 3,
        output: null,
      },
      onFailure: { output: {} },
    },
    each: {
      forEach: '{% [1] %}',
      tolerate: 2,
      maxItems: 3,
      maxConcurrency: 1,
      steps: {
        nested: {
          repeat: { steps: { deep: { capability: 'echo' } }, until: '{% true %}', maxIterations: 1 },
        },
      },
      output: '{% $item %}',
    },
    approve: {
      approval: { prompt: 'Go?', choices: ['a', 'b'], approvers: ['me'], timeoutSeconds: 60, onTimeout: 'a' },
    },
    wait: { wait: { seconds: '{% 5 %}' } },
    until: { wait: { until: '2026-12-24T18:00:00Z' } },
    child: { workflow: 'other@2', input: 1, forEach: '{% [1] %}', timeoutSeconds: 3_000, maxItems: 1 },
    emit: { emit: { type: 'report.ready', data: {} } },
    late: { capability: '{% $input.a %}', oneOf: ['text.write', 'echo'], bind: 'late' },
    talk: {
      converse: {
        model: 'fast',
        system: 'You are {% $input.a %}.',
        input: { a: '{% $input.a %}' },
        capabilities: ['text.write', 'echo'],
        maxTurns: 3,
        maxOutputTokens: 100,
        answer: { type: 'object' },
        approve: ['echo'],
        approvers: ['me'],
        approvalTimeoutSeconds: 60,
      },
    },
  },
} as const

/** Every place of a value, as the keys that lead there. */
function placesOf(value: unknown, path: (string | number)[] = []): (string | number)[][] {
  if (typeof value !== 'object' || value === null) return [path]
  const inner = Array.isArray(value)
    ? value.flatMap((one, at) => placesOf(one, [...path, at]))
    : Object.entries(value).flatMap(([key, one]) => placesOf(one, [...path, key]))
  return [path, ...inner]
}

type Change = (parent: Record<string, unknown>, key: string) => void

function changed(value: object, path: readonly (string | number)[], change: Change): object {
  const copy = structuredClone(value) as Record<string, unknown>
  const parent = path.slice(0, -1).reduce((inner, key) => inner[key] as typeof copy, copy)
  change(parent, String(path.at(-1)))
  return copy
}

it('accepts what the parser accepts: one of everything, and random workflows', () => {
  expect(structuralIssues(EVERYTHING)).toEqual([])
  expect(fits(EVERYTHING), JSON.stringify(fits.errors)).toBe(true)
  fc.assert(
    fc.property(workflows, (workflow) => {
      expect(structuralIssues(workflow)).toEqual([])
      expect(fits(workflow), JSON.stringify(fits.errors)).toBe(true)
    }),
  )
})

it('agrees with the parser on any change, and refuses nothing that validation accepts', () => {
  const anything: fc.Arbitrary<Json | undefined> = fc.oneof(
    fc.constantFrom<(Json | undefined)[]>(
      undefined,
      null,
      -1,
      0,
      1,
      1.5,
      1e9,
      true,
      '',
      'a',
      '{% 1 %}',
      'x-a',
      [],
      {},
      [{}],
    ),
    fc.constantFrom<Json[]>(['a', 'a'], { output: 1 }, { step: 'a' }, { steps: {} }, { capability: 'echo' }),
  )
  const change: fc.Arbitrary<Change> = fc.oneof(
    anything.map(
      (value): Change =>
        (parent, key) => {
          if (value === undefined) delete parent[key]
          else parent[key] = structuredClone(value)
        },
    ),
    fc
      .tuple(
        fc.constantFrom('steps', 'wait', 'repeat', 'capability', 'promt', 'input', 'x-a', 'until', 'and'),
        anything,
      )
      .map(
        ([name, value]): Change =>
          (parent, key) => {
            const target = parent[key]
            if (typeof target === 'object' && target !== null)
              Object.assign(target, { [name]: structuredClone(value ?? 1) })
          },
      ),
  )
  const places = placesOf(EVERYTHING).filter((path) => path.length > 0)
  const seen = { accepted: 0, refused: 0 }
  fc.assert(
    fc.property(fc.constantFrom(...places), change, (path, make) => {
      const workflow = changed(EVERYTHING, path, make)
      const isAccepted = fits(workflow)
      seen[isAccepted ? 'accepted' : 'refused'] += 1
      const what = () => `${path.join('.')}: ${JSON.stringify(fits.errors)} ${JSON.stringify(workflow)}`
      if (isAccepted) expect(structuralIssues(workflow), what()).toEqual([])
      else expect(validateWorkflow(workflow).issues.length, what()).toBeGreaterThan(0)
    }),
    { numRuns: 1_000 },
  )
  expect(Math.min(seen.accepted, seen.refused)).toBeGreaterThan(100)
})

describe('both refuse', () => {
  it.each<[string, (string | number)[], Change]>([
    ['no name', ['name'], (parent, key) => delete parent[key]],
    ['a name of the wrong form', ['name'], (parent, key) => (parent[key] = 'Every Thing')],
    ['an unknown field of the workflow', ['name'], (parent) => (parent.stepps = {})],
    ['an unknown field of a step', ['steps', 'agent', 'input'], (parent) => (parent.promt = 1)],
    ['a field of another kind', ['steps', 'wait', 'wait'], (parent) => (parent.timeoutSeconds = 1)],
    ['two kinds in one step', ['steps', 'wait', 'wait'], (parent) => (parent.emit = { type: 'a' })],
    [
      'an unknown field of an approval',
      ['steps', 'approve', 'approval', 'prompt'],
      (parent) => (parent.promt = 'a'),
    ],
    [
      'an approval without end',
      ['steps', 'approve', 'approval', 'timeoutSeconds'],
      (parent, key) => delete parent[key],
    ],
    ['a step that is nothing', ['steps', 'wait', 'wait'], (parent, key) => delete parent[key]],
    ['a step that is no object', ['steps', 'wait'], (parent, key) => (parent[key] = 'wait')],
    ['no steps', ['steps'], (parent, key) => (parent[key] = {})],
    ['steps as a list', ['steps'], (parent, key) => (parent[key] = [{ id: 'a', capability: 'echo' }])],
    ['an empty body', ['steps', 'loop', 'repeat', 'steps'], (parent, key) => (parent[key] = {})],
    ['an id that is a word of JSONata', ['steps', 'wait'], (parent) => (parent.and = { capability: 'echo' })],
    ['an id with a dash', ['steps', 'wait'], (parent) => (parent['a-b'] = { capability: 'echo' })],
    [
      'a mistake deep in a body',
      ['steps', 'each', 'steps', 'nested', 'repeat', 'steps', 'deep', 'capability'],
      (parent, key) => (parent[key] = 5),
    ],
    [
      'a number out of bounds',
      ['steps', 'agent', 'retry', 'maxAttempts'],
      (parent, key) => (parent[key] = 21),
    ],
    ['a policy that is none', ['steps', 'agent', 'onFailure'], (parent, key) => (parent[key] = 'retry')],
    ['a share that is none', ['steps', 'agent', 'tolerate'], (parent, key) => (parent[key] = 'ten')],
    ['a condition in words', ['steps', 'agent', 'when'], (parent, key) => (parent[key] = '$input.x = 1')],
    ['task types twice', ['taskTypes', 1], (parent, key) => (parent[key] = 'one')],
  ])('%s', (_what, path, change) => {
    const workflow = changed(EVERYTHING, path, change)
    expect(validateWorkflow(workflow).issues.length).toBeGreaterThan(0)
    expect(fits(workflow)).toBe(false)
  })
})

it('describes every field, in every kind of step', () => {
  const undescribed: string[] = []
  const look = (schema: unknown, path: string): void => {
    if (typeof schema !== 'object' || schema === null) return
    for (const [key, value] of Object.entries(schema)) {
      if (key === 'properties')
        for (const [name, field] of Object.entries(value as Record<string, { description?: string }>))
          if ((field.description ?? '').length < 10) undescribed.push(`${path}.${name}`)
      look(value, `${path}.${key}`)
    }
  }
  look(workflowJsonSchema(), '')
  expect(undescribed).toEqual([])
})
