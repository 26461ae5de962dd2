import { expect, test } from 'vitest'
import { ModelsSchema } from '../../../shared/domain/model-settings.ts'

const bedrock = { provider: 'bedrock', id: 'anthropic.claude-x', contextTokens: 200_000 }
const local = { provider: 'openai-compatible', id: 'x', contextTokens: 4_096, url: 'http://localhost:1/v1' }

/** `path: message` of each issue. */
const issuesOf = (models: object): string[] =>
  ModelsSchema.safeParse(models).error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) ??
  []

test('models are read; a model answers with a schema by a tool unless it says otherwise', () => {
  const models = { default: { ...bedrock, fallback: 'fast' }, fast: local, constructor: bedrock }
  expect(ModelsSchema.parse(models)).toEqual({
    default: { ...bedrock, fallback: 'fast', structured: 'tool' },
    fast: { ...local, structured: 'tool' },
    constructor: { ...bedrock, structured: 'tool' },
  })
  expect(ModelsSchema.parse({})).toEqual({})
})

test.each([
  [
    'a fallback that is not configured',
    { a: { ...bedrock, fallback: 'fasst' }, fast: bedrock },
    'a.fallback',
    'did you mean "fast"',
  ],
  [
    'a fallback of an inherited name',
    { a: { ...bedrock, fallback: 'constructor' } },
    'a.fallback',
    'no model is named "constructor"',
  ],
  ['itself as its fallback', { a: { ...bedrock, fallback: 'a' } }, 'a.fallback', 'a circle: a -> a;'],
  ['no url where it must have one', { a: { ...local, url: undefined } }, 'a.url', 'needs the address'],
  [
    'a url that is no web address',
    { a: { ...local, url: 'file:///etc/passwd' } },
    'a.url',
    'an address such as',
  ],
  [
    'a patience without a fallback',
    { a: { ...bedrock, fallbackAfterSeconds: 5 } },
    'a.fallbackAfterSeconds',
    'and "a" has none: set `fallback` too',
  ],
  ['a url of Bedrock', { a: { ...bedrock, url: local.url } }, 'a.url', 'only an openai-compatible model'],
  [
    'a secret of Bedrock',
    { a: { ...bedrock, secret: 'key' } },
    'a.secret',
    'only an openai-compatible model',
  ],
])('%s is refused with its place', (_what, models, path, message) => {
  const issues = issuesOf(models)
  expect(issues).toHaveLength(1)
  expect(issues[0]).toMatch(new RegExp(`^${path}: .*${message}`))
})

test('each model of a circle of fallbacks is told, and none that only leads into it', () => {
  const next = (fallback: string) => ({ ...bedrock, fallback })
  expect(issuesOf({ a: next('b'), b: next('c'), c: next('d'), d: next('b') })).toEqual([
    'b.fallback: fallbacks make a circle: b -> c -> d -> b; leave one of them out',
    'c.fallback: fallbacks make a circle: c -> d -> b -> c; leave one of them out',
    'd.fallback: fallbacks make a circle: d -> b -> c -> d; leave one of them out',
  ])
})

test('sixteen models can be configured and no more; a name is a-z, digits and dashes', () => {
  const many = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`m${index}`, bedrock]))
  expect(issuesOf(many(16))).toEqual([])
  expect(issuesOf(many(17))).toEqual([': at most 16 models can be configured; these are 17'])
  for (const name of ['Default', '1st', 'a_b', '', 'x'.repeat(33)])
    expect(issuesOf({ [name]: bedrock }), name).toHaveLength(1)
})
