import { describe, expect, it } from 'vitest'
import { makeOpenApi } from '../../../shared/contracts/openapi.ts'
import { portablePattern } from '../../../shared/contracts/portable-pattern.ts'
import { ROUTES } from '../../../shared/contracts/routes.ts'

const document = makeOpenApi(Object.values(ROUTES), '1.0.0')

/** Every value under `key`, anywhere in the document. */
function valuesOf(key: string, value: unknown = document): unknown[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, member]) => [
    ...(name === key ? [member] : []),
    ...valuesOf(key, member),
  ])
}

function at(pointer: string): unknown {
  return pointer
    .slice(2)
    .split('/')
    .reduce<unknown>((value, name) => (value as Record<string, unknown> | undefined)?.[name], document)
}

type Content = Record<string, { schema: object }>
type Operation = {
  operationId: string
  requestBody?: { content: Content }
  responses: Record<string, { content?: Content }>
}
const operations = (): Operation[] =>
  Object.values(document.paths as Record<string, Record<string, Operation>>).flatMap((one) =>
    Object.values(one),
  )

describe('the document', () => {
  it('refers only to what is in it', () => {
    const references = valuesOf('$ref').map(String)
    expect(references.length).toBeGreaterThan(100)
    expect(references.filter((reference) => at(reference) === undefined)).toEqual([])
    expect(valuesOf('$defs')).toEqual([])
  })

  it('has no pattern with a dot or a class, which mean other things in other languages', () => {
    const patterns = valuesOf('pattern').map(String)
    expect(patterns.length).toBeGreaterThan(20)
    const unclear = /\\[dDwWsSbB]/
    expect(patterns.filter((pattern) => unclear.test(pattern.replaceAll('[\\s\\S]', '')))).toEqual([])
    for (const pattern of patterns) expect(portablePattern(pattern)).toBe(pattern)
  })

  it('names every resource that clients handle', () => {
    expect(Object.keys(at('#/components/schemas') as object)).toEqual(
      expect.arrayContaining([
        'Agent',
        'Attempt',
        'Event',
        'Issue',
        'Json',
        'Plan',
        'Problem',
        'Step',
        'Task',
        'Workflow',
      ]),
    )
  })

  it('names the schema of every response and request body', () => {
    const roots = operations().flatMap(({ requestBody, responses }) => [
      ...(requestBody ? [requestBody.content] : []),
      ...Object.entries(responses).flatMap(([status, { content }]) =>
        /^2/.test(status) && content ? [content] : [],
      ),
    ])
    expect(roots.length).toBeGreaterThan(30)
    for (const content of roots)
      expect(content['application/json']?.schema).toEqual({
        $ref: expect.stringMatching(/^#\/components\/schemas\/\w+$/),
      })
  })

  it('gives every operation an id that is valid as a method name', () => {
    const ids = operations().map(({ operationId }) => operationId)
    expect(new Set(ids).size).toBe(ids.length)
    for (const id of ids) expect(id).toMatch(/^[a-z][A-Za-z]+$/)
  })

  it('has no name that generators derive from another schema and its member', () => {
    const schemas = at('#/components/schemas') as Record<string, { properties?: Record<string, object> }>
    const pascal = (word: string): string => `${word[0]?.toUpperCase()}${word.slice(1)}`
    const made = Object.entries(schemas).flatMap(([name, { properties = {} }]) =>
      Object.entries(properties).flatMap(([member, schema]) =>
        '$ref' in schema ? [] : [name + pascal(member)],
      ),
    )
    expect(made.filter((name) => Object.hasOwn(schemas, name))).toEqual([])
    expect(Object.keys(schemas).filter((name) => /(Input|Output)\d+$/.test(name))).toEqual([])
  })

  it('lists for every route the errors that gateway and service may return at any time', () => {
    for (const responses of valuesOf('responses').filter((value) => '429' in (value as object)))
      expect(Object.keys(responses as object)).toEqual(
        expect.arrayContaining(['400', '403', '413', '429', '500', '503', '504']),
      )
  })

  it('links created resources to the routes that read or change them', () => {
    const { links } = (
      document.paths as Record<string, { post: { responses: Record<string, { links: object }> } }>
    )['/api/v1/tasks']?.post.responses['202'] ?? { links: {} }
    expect(Object.keys(links)).toEqual(
      expect.arrayContaining(['getTask', 'getTaskStatus', 'getTaskResult', 'cancelTask', 'forkTask']),
    )
  })

  it('requires a body if one of several members must be present', () => {
    const { requestBody } = (
      document.paths as Record<string, { post: { requestBody: { required: boolean } } }>
    )['/api/v1/tasks']?.post ?? { requestBody: { required: false } }
    expect(requestBody.required).toBe(true)
  })
})
