import { describe, expect, it } from 'vitest'
import { makeOpenApi } from '../../../shared/contracts/openapi.ts'
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

describe('the document', () => {
  it('refers only to what is in it', () => {
    const references = valuesOf('$ref').map(String)
    expect(references.length).toBeGreaterThan(100)
    expect(references.filter((reference) => at(reference) === undefined)).toEqual([])
    expect(valuesOf('$defs')).toEqual([])
  })

  it('has a name for every thing that clients handle', () => {
    expect(Object.keys(at('#/components/schemas') as object)).toEqual(
      expect.arrayContaining([
        'Agent',
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

  it('says of every route what the gateway and the service may answer at any time', () => {
    for (const responses of valuesOf('responses').filter((value) => '429' in (value as object)))
      expect(Object.keys(responses as object)).toEqual(
        expect.arrayContaining(['400', '403', '413', '429', '500', '503', '504']),
      )
  })

  it('links what was made to what can be asked about it', () => {
    const { links } = (
      document.paths as Record<string, { post: { responses: Record<string, { links: object }> } }>
    )['/api/v1/tasks']?.post.responses['202'] ?? { links: {} }
    expect(Object.keys(links)).toEqual(
      expect.arrayContaining(['getTask', 'getTaskStatus', 'getTaskResult', 'cancelTask', 'forkTask']),
    )
  })

  it('asks for a body where one of several members must be in it', () => {
    const { requestBody } = (
      document.paths as Record<string, { post: { requestBody: { required: boolean } } }>
    )['/api/v1/tasks']?.post ?? { requestBody: { required: false } }
    expect(requestBody.required).toBe(true)
  })
})
