import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { issuesOfZod } from '../../../shared/domain/issues-of-zod.ts'
import { cpuMilliseconds } from '../../support/runner/cpu-time.ts'

const issuesOf = (schema: Record<string, unknown>, value: unknown) => {
  const parser = z.fromJSONSchema(schema)
  const { error } = parser.safeParse(value)
  return issuesOfZod(error as z.ZodError, { schema: parser, value, path: 'input' })
}

describe('issues of a value that fits no alternative', () => {
  it('says what each has against it', () => {
    const schema = { anyOf: [{ type: 'string' }, { type: 'object', required: ['a'], properties: { a: {} } }] }
    expect(issuesOf(schema, 1)).toEqual([
      { code: 'invalid-value', path: 'input', message: 'input is 1; it must be text, or an object {a}' },
    ])
  })

  it('stays short, and takes no time, where alternatives have alternatives again and again (issues/W4)', () => {
    const eightWays = {
      type: 'object',
      properties: { a: { anyOf: Array.from({ length: 8 }, () => ({ $ref: '#' })) } },
    }
    const nested = (depth: number): unknown => (depth === 0 ? 1 : { a: nested(depth - 1) })
    const began = cpuMilliseconds()
    const issues = issuesOf(eightWays, nested(12))
    expect(issues).toHaveLength(1)
    expect(issues[0]?.message).toMatch(/; it must be an object \{a\?\}$/)
    expect(issues[0]?.message.length).toBeLessThan(500)
    expect(cpuMilliseconds() - began).toBeLessThan(2_000)
  })
})
