import { describe, expect, it } from 'vitest'
import { checkRules } from '../../../functions/agents/validation/check-rules.ts'
import { checkSchema } from '../../../functions/agents/validation/check-schema.ts'

describe('validation', () => {
  it('lists everything that does not fit a schema', () => {
    const schema = { type: 'object', required: ['a'], properties: { b: { type: 'string', format: 'email' } } }
    expect(checkSchema({ b: 'x' }, schema)).toMatchObject({
      valid: false,
      problems: [{ path: '' }, { path: '/b' }],
    })
    expect(() => checkSchema(1, { type: 'nonsense' })).toThrow(/not a JSON Schema/)
    expect(() => checkSchema(1, { $async: true })).toThrow(/\$async/)
  })

  it('checks rules, and a rule that cannot be evaluated is a problem', async () => {
    const rules = [
      { name: 'some', expression: '$count($value.rows) > 0' },
      { name: 'none', expression: '$value.count > 9' },
      { name: 'broken', expression: '$value +' },
    ]
    expect(await checkRules({ rows: [1], count: 5 }, rules)).toMatchObject({
      valid: false,
      checked: 3,
      problems: [{ path: 'none' }, { path: 'broken' }],
    })
  })
})
