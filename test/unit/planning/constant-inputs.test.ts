import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { checkConstantInputs, issuesOfConstants } from '../../../shared/app/choice/constant-inputs.ts'
import type { Agent } from '../../../shared/domain/agent.ts'
import { FileReferenceSchema } from '../../../shared/domain/file-reference.ts'
import { makeAgent } from '../../support/agents/make-agent.ts'
import { validWorkflow } from '../../support/cloud/compiled-workflow.ts'

const schemaOf = (type: z.ZodType) => z.toJSONSchema(type, { io: 'input' }) as Record<string, unknown>

const takes = schemaOf(
  z.strictObject({
    text: z.string().max(10),
    most: z.number().int().min(1).max(5).default(3),
    kind: z.enum(['long', 'short']).optional(),
    rows: z.array(z.object({ n: z.number() })).optional(),
    source: z.union([z.string(), z.strictObject({ $file: z.string() })]).optional(),
  }),
)

describe('what can never fit (constants/C1)', () => {
  it('is described by the schema’s description of a text, not by its pattern', () => {
    const schema = schemaOf(z.strictObject({ source: FileReferenceSchema }))
    expect(issuesOfConstants({ source: { $file: 7 } }, schema, 'in').map(({ message }) => message)).toEqual([
      '$file is 7; it must be text of at most 1024 characters: files/[@<tenant>/]<folder>/<path>, or task-files/...',
    ])
  })

  it.each<[object, string[]]>([
    [{ text: 5 }, ['in.text: text is 5; it must be text of at most 10 characters']],
    [{ most: 2 }, ['in.text: is required; it must be text of at most 10 characters']],
    [{ text: 'x', most: 9 }, ['in.most: most is 9; it must be a whole number from 1 to 5']],
    [
      { text: '{% $input.x %}', kind: 'shrt' },
      ['in.kind: kind is "shrt"; it must be one of "long", "short"; did you mean "short"?'],
    ],
    [
      { text: 'x', txt: 'y' },
      ['in.txt: in has no "txt"; did you mean "text"? (known: kind, most, rows, source, text)'],
    ],
    [
      { text: '{% $input.x %}', rows: [{ n: '{% $input.n %}' }, { n: 'one' }] },
      ['in.rows[1].n: n is "one"; it must be a number'],
    ],
    [{ text: 'x', source: { $file: 7 } }, ['in.source.$file: $file is 7; it must be text']],
  ])('%j', (input, wanted) => {
    expect(issuesOfConstants(input, takes, 'in').map(({ path, message }) => `${path}: ${message}`)).toEqual(
      wanted,
    )
  })

  it.each<[string, unknown]>([
    ['what fits', { text: 'x', most: 5, rows: [{ n: 1 }] }],
    ['an expression as a whole', '{% $input %}'],
    ['an expression for a number', { text: 'x', most: '{% $input.most %}' }],
    ['an expression for a list', { text: 'x', rows: '{% $input.rows %}' }],
    ['an expression for one of several values', { text: 'x', kind: '{% $input.kind %}' }],
    ['an expression that is longer than the text may be', { text: '{% $uppercase($input.x) & $input.y %}' }],
    ['a member too many that may be left out', { text: 'x', txt: '{% $input.nothing %}' }],
    ['an alternative with an expression inside', { text: 'x', source: { $file: '{% $input.file %}' } }],
    [
      'an expression in an object for which there is no alternative',
      { text: 'x', source: { other: '{% $input.file %}' } },
    ],
  ])('not: %s', (_what, input) => {
    expect(issuesOfConstants(input, takes, 'in')).toEqual([])
  })

  it('nothing is reported for a schema that cannot be checked', () => {
    expect(issuesOfConstants({ a: 1 }, { type: 'strnig' }, 'in')).toEqual([])
  })

  it('nothing is reported if another alternative may match after the evaluation', () => {
    const branch = (member: string, schema: object) => ({
      type: 'object',
      required: [member],
      properties: { [member]: schema },
    })
    const schema = { anyOf: [branch('n', { type: 'number', minimum: 5 }), branch('m', { type: 'number' })] }
    expect(issuesOfConstants({ n: 3, m: '{% $input.m %}' }, schema, 'in')).toEqual([])
    expect(issuesOfConstants({ n: 3 }, schema, 'in')).not.toEqual([])
  })

  it.each<[string, object, string]>([
    ['a relative reference', { type: 'string', format: 'uri-reference' }, '/docs/a'],
    ['a class of Unicode', { type: 'string', pattern: '^\\p{L}+$' }, 'abc'],
  ])('nothing that JSON Schema takes and zod does not: %s', (_what, schema, value) => {
    const object = { type: 'object', properties: { text: schema } }
    expect(issuesOfConstants({ text: value }, object, 'in')).toEqual([])
  })

  it('nothing is reported for a valid input, with any of its values as an expression', () => {
    const whole = { text: 'x', most: 2, kind: 'long', rows: [{ n: 1 }, { n: 2 }], source: { $file: 'f' } }
    const pieces = (value: unknown): unknown[] =>
      typeof value === 'object' && value !== null
        ? Object.keys(value).flatMap((key) => [
            { ...value, [key]: '{% $input.x %}' },
            ...pieces(Reflect.get(value, key)).map((one) => ({ ...value, [key]: one })),
          ])
        : []
    const all = pieces(whole)
    expect(all.length).toBeGreaterThan(8)
    expect(all.filter((input) => issuesOfConstants(input, takes, 'in').length > 0)).toEqual([])
  })
})

describe('a step and the agents that offer its capability (constants/C2)', () => {
  it('ignores an agent whose schema the parser does not support (constants/C3)', () => {
    const half = (value: string) => ({ properties: { n: { type: 'string', default: value } } })
    const inputSchema = { type: 'object', ...half('a'), allOf: [{ type: 'object', ...half('b') }] }
    const capabilities = [
      { name: 'work.do', description: '', inputSchema: inputSchema as never, outputSchema: {} },
    ]
    const broken: Agent = { ...makeAgent({ id: 'broken' }), capabilities }
    const given = validWorkflow({ name: 'w', steps: { a: { capability: 'work.do', input: { x: 5 } } } })
    const choice = { isOpen: () => true, pinnedAt: () => undefined }
    expect(checkConstantInputs(given, [broken], choice)).toEqual({ issues: [], unfit: new Map() })
  })

  const agentOf = (id: string, type: z.ZodType, more: Partial<Agent> = {}) =>
    makeAgent({
      id,
      capabilities: [{ name: 'work.do', description: '', inputSchema: schemaOf(type), outputSchema: {} }],
      ...more,
    })
  const text = agentOf('texts', z.object({ x: z.string() }))
  const number = agentOf('numbers', z.object({ x: z.number() }))
  const workflow = validWorkflow({
    name: 'w',
    steps: {
      a: { capability: 'work.do', input: { x: 5 } },
      loop: {
        repeat: {
          steps: { b: { agent: 'texts', bind: 'late', input: { x: 5 } } },
          until: '{% true %}',
          maxIterations: 2,
        },
      },
      free: { capability: 'work.do' },
    },
  })
  const check = (agents: Agent[], closed: string[] = []) =>
    checkConstantInputs(workflow, agents, {
      isOpen: (place) => !closed.includes(place),
      pinnedAt: (_place, { agent }) => agent,
    })

  it('is refused if no agent accepts its input, also in a loop and when it is bound late', () => {
    expect(check([text]).issues).toEqual([
      {
        code: 'unfit-input',
        path: 'steps.a.input.x',
        message: 'x is 5; it must be text (what agent texts takes for work.do)',
      },
      {
        code: 'unfit-input',
        path: 'steps.loop.repeat.steps.b.input.x',
        message: 'x is 5; it must be text (what agent texts takes for work.do)',
      },
    ])
  })

  it('is bound to an agent that accepts its input', () => {
    const { issues, unfit } = check([text, number])
    expect(issues.map(({ path }) => path)).toEqual(['steps.loop.repeat.steps.b.input.x'])
    expect([...(unfit.get('a')?.keys() ?? [])]).toEqual(['texts'])
  })

  it('is not checked for a step that is done already, or keeps its agent', () => {
    expect(check([text], ['a', 'loop.b']).issues).toEqual([])
    expect(check([{ ...text, status: 'inactive' }]).issues).toEqual([])
  })
})
