import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { issuesOfZod } from '../../../shared/domain/issues-of-zod.ts'
import type { Json } from '../../../shared/domain/json.ts'
import { schemaOfJson } from '../../../shared/workflow/schema-of-json.ts'

type Tree = { name: string; kids: Tree[] }
const Tree: z.ZodType<Tree> = z.object({
  name: z.string(),
  get kids() {
    return z.array(Tree)
  },
})
const Named = z.string().min(2).meta({ id: 'Named', title: 'A name' })

/** What authors write: each is compared with zod's own reading of its JSON Schema. */
const SCHEMAS: Record<string, z.ZodType> = {
  texts: z.object({
    a: z.string().min(2).max(4).optional(),
    p: z.string().regex(/^a+$/),
    e: z.email().optional(),
    u: z.url().optional(),
    d: z.iso.datetime().optional(),
    day: z.iso.date().optional(),
    id: z.uuid().optional(),
    ip: z.ipv4().optional(),
  }),
  numbers: z.object({
    n: z.number().int().min(1).max(5),
    f: z.number().gt(0).lt(1).optional(),
    m: z.number().multipleOf(3).optional(),
  }),
  choices: z.object({
    e: z.enum(['x', 'yy']),
    c: z.literal(7),
    l: z.literal(['a', 1, null]),
    b: z.boolean(),
  }),
  unions: z.union([z.string(), z.object({ t: z.literal('q') }), z.array(z.number()).length(2), z.null()]),
  discriminated: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('a'), v: z.string() }),
    z.strictObject({ kind: z.literal('b') }),
  ]),
  records: z.object({
    r: z.record(z.string(), z.number()),
    k: z.record(z.enum(['a', 'b']), z.string()).optional(),
  }),
  partialRecord: z.partialRecord(z.string().regex(/^[ab]+$/), z.number()),
  lists: z.object({
    l: z
      .array(z.object({ k: z.string() }))
      .min(1)
      .max(2),
    t: z.tuple([z.string(), z.number()]),
  }),
  rest: z.tuple([z.string()]).rest(z.boolean()),
  nullable: z.object({ n: z.string().nullable(), o: z.number().nullish() }),
  standIns: z.object({ s: z.string().default('hm'), n: z.object({ d: z.number().default(3) }).optional() }),
  intersections: z.intersection(z.looseObject({ a: z.string() }), z.looseObject({ b: z.number() })),
  loose: z.looseObject({ a: z.string() }),
  catchall: z.object({ a: z.string() }).catchall(z.number()),
  recursive: Tree,
  referred: z.object({ a: Named, b: Named.optional().describe('another') }),
  anything: z.object({ a: z.any(), u: z.unknown().optional(), never: z.never().optional() }),
  inherited: z.object({ constructor: z.string().optional(), toString: z.number().optional() }),
}

const key = fc.constantFrom(
  ...'a b c d e f k l m n o p r s t u v id ip day kind name kids never constructor'.split(' '),
)
const leaf = fc.oneof(
  fc.constantFrom<Json>(
    ...['a', 'aa', 'b', 'x', 'yy', 'q', '', 'me@x.org', 'http://x.org', '2026-01-01', '2026-01-01T00:00:00Z'],
    ...[1, 3, 7, 0.5, -2, null, true, '1.2.3.4', '3f2504e0-4f89-41d3-9a0c-0305e82c3301'],
  ),
)
const { value } = fc.letrec<{ value: Json; list: Json[]; object: Record<string, Json> }>((tie) => ({
  value: fc.oneof({ maxDepth: 3 }, leaf, tie('list'), tie('object')),
  list: fc.array(tie('value'), { maxLength: 3 }),
  object: fc.dictionary(key, tie('value'), { maxKeys: 5 }),
}))

const readOf = (schema: z.ZodType, given: Json) => {
  const parsed = schema.safeParse(given)
  return parsed.success
    ? { data: parsed.data }
    : { issues: issuesOfZod(parsed.error, { schema, value: given, what: 'the answer' }) }
}

describe('a JSON Schema of zod', () => {
  it.each(Object.entries(SCHEMAS))('is read as zod itself reads it: %s', (_name, schema) => {
    for (const io of ['input', 'output'] as const) {
      const json = z.toJSONSchema(schema, { io }) as Record<string, unknown>
      const [own, theirs] = [schemaOfJson(json as Json), z.fromJSONSchema(json)]
      fc.assert(
        fc.property(value, (given) => {
          const [mine, other] = [readOf(own, given), readOf(theirs, given)]
          if ('data' in mine || 'data' in other) expect(mine).toEqual(other)
          // It stops at the first of them in some places, and looks at names of members before all else.
          else if (JSON.stringify(json).includes('propertyNames')) expect(mine.issues).not.toEqual([])
          else
            expect(mine.issues.map(({ path }) => path)).toEqual(
              expect.arrayContaining(other.issues.map(({ path }) => path)),
            )
        }),
        { numRuns: 150 },
      )
    }
  })
})

describe('a schema', () => {
  it.each([
    [
      'a list without equal members',
      { type: 'array', uniqueItems: true },
      [1, { a: 1 }],
      [
        { a: 1, b: 2 },
        { b: 2, a: 1 },
      ],
    ],
    ['a number of members', { type: 'object', minProperties: 1, maxProperties: 2 }, { a: 1 }, {}],
    [
      'members by pattern',
      { type: 'object', patternProperties: { '^a': { type: 'number' } }, additionalProperties: false },
      { ab: 1 },
      { b: 1 },
    ],
    [
      'of a pattern',
      { type: 'object', patternProperties: { '^a': { type: 'number' } } },
      { ab: 1, b: 'x' },
      { ab: 'x' },
    ],
    ['names of members', { type: 'object', propertyNames: { pattern: '^a' } }, { a: 1 }, { b: 1 }],
    ['what is required and not described', { type: 'object', required: ['a'] }, { a: null }, { b: 1 }],
    ['values of one type', { type: ['string', 'null'], maxLength: 2 }, null, 'abc'],
    [
      'all of several',
      {
        allOf: [
          { type: 'number', minimum: 2 },
          { type: 'number', maximum: 4 },
        ],
      },
      3,
      5,
    ],
    ['one of several', { oneOf: [{ type: 'integer' }, { type: 'number', minimum: 5 }] }, 3, 7],
    ['what another place says', { $defs: { a: { b: { type: 'string' } } }, $ref: '#/$defs/a/b' }, 'x', 1],
    // So zod writes a schema with an id that was made narrower, and does not read it.
    [
      'more beside a reference without a type',
      { $defs: { a: { type: 'string' } }, $ref: '#/$defs/a', maxLength: 1 },
      'x',
      'xx',
    ],
    [
      'more beside a reference',
      { $defs: { a: { type: 'string' } }, $ref: '#/$defs/a', type: 'string', maxLength: 1 },
      'x',
      'xx',
    ],
  ])('holds %s', (_what, schema, right, wrong) => {
    const read = schemaOfJson(schema as Json)
    expect(read.safeParse(right)).toEqual({ success: true, data: right })
    expect(read.safeParse(wrong).success).toBe(false)
  })

  it.each([
    [
      { type: 'object', properties: { a: { minLenght: 3 } } },
      '#/properties/a has "minLenght", which is no keyword; did you mean "minLength"?',
    ],
    [{ if: {}, then: {} }, '#/if cannot be checked here; leave it out'],
    [{ type: 'string', nullable: true }, "#/nullable cannot be checked here; write type: ['string', 'null']"],
    [{ type: 'array', contains: {} }, '#/contains cannot be checked here'],
    [{ not: { type: 'string' } }, '#/not cannot be checked here'],
    [{ properties: { a: {} } }, `#/ has "properties" and no type; write type: 'object'`.replace('#/', '#')],
    [{ type: 'strin' }, '#/type is "strin"; it must be one of'],
    [{ type: 'string', minLength: '3' }, '#/minLength is "3"; it must be a number'],
    [
      { type: 'number', minimum: 1, exclusiveMinimum: true },
      '#/exclusiveMinimum is true; it must be a number',
    ],
    [{ type: 'string', pattern: '(' }, '#/pattern is no regular expression'],
    [{ type: 'array', items: [{}] }, '#/items is a list; write it as prefixItems'],
    [{ enum: [{ a: 1 }] }, '#/enum/0 is a list or an object'],
    [
      { type: 'object', properties: { a: { type: 'string', required: true } } },
      '#/properties/a/required is no list; write the names',
    ],
    [{ enum: [] }, '#/enum is no list of values'],
    [{ anyOf: {} }, '#/anyOf is no list of schemas'],
    [{ $ref: 'http://x.org/y' }, '# refers to http://x.org/y; only #/... can be read'],
    [{ $ref: '#/$defs/constructor', $defs: {} }, '# refers to #/$defs/constructor, which is not there'],
    ['text', '# is no schema'],
  ])('that cannot be held is refused: %j', (schema, message) => {
    expect(() => schemaOfJson(schema as Json)).toThrow(message)
  })

  it('may need what it is itself', () => {
    const list = {
      type: 'object',
      properties: { next: { anyOf: [{ $ref: '#' }, { type: 'null' }] } },
      required: ['next'],
    }
    const read = schemaOfJson(list)
    expect(read.safeParse({ next: { next: null } }).success).toBe(true)
    expect(read.safeParse({ next: { next: 1 } }).success).toBe(false)
    const endless = { type: 'object', properties: { next: { $ref: '#' } }, required: ['next'] }
    expect(schemaOfJson(endless).safeParse({ next: {} }).success).toBe(false)
  })

  it('may have notes of any name', () => {
    expect(
      schemaOfJson({
        type: 'number',
        unit: 'm',
        cost: 1,
        example: 2,
        'x-of': 1,
        examples: [1],
        format: 'money',
      }).safeParse(1).success,
    ).toBe(true)
  })
})
