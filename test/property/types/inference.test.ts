import { describe, expect, it } from 'vitest'
import type { Json } from '../../../shared/domain/json.ts'
import { seededRandom } from '../../../shared/domain/random.ts'
import { evaluateExpression } from '../../../shared/workflow/expressions.ts'
import { parseExpression } from '../../../shared/workflow/parse-expression.ts'
import { inferExpression } from '../../../shared/workflow/types/infer-expression.ts'
import { typeOfSchema } from '../../../shared/workflow/types/type-of-schema.ts'
import { randomExpression } from '../../support/random/random-expressions.ts'
import { objectSchema, randomSchema, valueFor } from '../../support/random/random-schemas.ts'
import { contains } from '../../support/types/contains.ts'

const RUNS = 1_000

/** The result of an expression with these values, or that it failed. */
async function evaluated(
  text: string,
  names: Record<string, Json>,
): Promise<{ value: Json | undefined } | 'failed'> {
  return evaluateExpression(text, names).then(
    (value) => ({ value }),
    () => 'failed' as const,
  )
}

describe('the type of a schema', () => {
  it('includes every value that the schema accepts (types/Q1)', () => {
    for (let seed = 0; seed < RUNS; seed++) {
      const random = seededRandom(`schema ${seed}`)
      const schema = randomSchema(random)
      const value = valueFor(schema, random)
      expect(contains(typeOfSchema(schema), value), JSON.stringify({ schema, value })).toBe(true)
    }
  })
})

describe('the type of an expression', () => {
  it('includes every result of the expression (types/Q1)', async () => {
    let known = 0
    for (let seed = 0; seed < RUNS; seed++) {
      const random = seededRandom(`expression ${seed}`)
      const schemas = { v: objectSchema(random), w: objectSchema(random) }
      const text = randomExpression(random)
      const types = { v: typeOfSchema(schemas.v), w: typeOfSchema(schemas.w) }
      const { type } = inferExpression(
        parseExpression(text),
        (name) => (types as Record<string, typeof types.v>)[name],
      )
      if (!type.any) known += 1
      for (let at = 0; at < 3; at++) {
        const names = { v: valueFor(schemas.v, random), w: valueFor(schemas.w, random) }
        const result = await evaluated(text, names)
        if (result === 'failed') continue
        const shown = `${seed}: ${text} of ${JSON.stringify(names)} is ${JSON.stringify(result.value)}`
        expect(contains(type, result.value), shown).toBe(true)
      }
    }
    // Otherwise the property would hold for a checker that infers only `any`.
    expect(known).toBeGreaterThan(RUNS / 4)
  })

  it('has complaints only if it fails for all values (types/Q2)', async () => {
    let complaints = 0
    for (let seed = 0; seed < RUNS; seed++) {
      const random = seededRandom(`complaint ${seed}`)
      const schemas = { v: objectSchema(random, 3, true), w: objectSchema(random, 3, true) }
      const text = randomExpression(random, 3, true)
      const types = { v: typeOfSchema(schemas.v), w: typeOfSchema(schemas.w) }
      const found = inferExpression(
        parseExpression(text),
        (name) => (types as Record<string, typeof types.v>)[name],
      )
      const wrong = found.complaints.filter(({ code }) => code === 'wrong-type')
      // Undeclared members evaluate to nothing, which is no error at run time.
      if (wrong.length === 0 || wrong.length < found.complaints.length) continue
      complaints += 1
      for (let at = 0; at < 3; at++) {
        const names = { v: valueFor(schemas.v, random, true), w: valueFor(schemas.w, random, true) }
        const shown = `${seed}: ${text} of ${JSON.stringify(names)}: ${wrong.map(({ message }) => message).join('; ')}`
        expect(await evaluated(text, names), shown).toBe('failed')
      }
    }
    expect(complaints).toBeGreaterThan(RUNS / 20)
  })
})
