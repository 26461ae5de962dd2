import { describe, expect, it } from 'vitest'
import echoAgent from '../../../functions/agents/echo/index.ts'
import { checkRules } from '../../../functions/agents/validation/check-rules.ts'
import { checkSchema } from '../../../functions/agents/validation/check-schema.ts'
import validationAgent from '../../../functions/agents/validation/index.ts'
import { callAgent } from '../../support/agents/call-agent.ts'

describe('validation', () => {
  it('shortens the value of a rule that is neither true nor false', async () => {
    const value = { rows: Array.from({ length: 1_000 }, (_, n) => n) }
    const { problems } = await checkRules(value, [{ name: 'all', expression: '$value.rows' }])
    expect(problems[0]?.message).toHaveLength('$value.rows is '.length + 303)
  })

  it('and echo see members with any name', async () => {
    const value = JSON.parse('{"__proto__":{"constructor":1}}')
    const schema = JSON.parse('{"properties":{"__proto__":{"type":"string"}}}')
    await expect(callAgent(validationAgent, 'validate.schema', { value, schema })).rejects.toThrow(
      /cannot speak of a member called __proto__/,
    )
    expect(
      await callAgent(validationAgent, 'validate.schema', { value, schema: { additionalProperties: false } }),
    ).toMatchObject({ valid: false })
    expect(JSON.stringify(await callAgent(echoAgent, 'echo', value))).toBe(JSON.stringify(value))
  })

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
