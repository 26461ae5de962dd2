import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { withLists } from '../../../shared/app/steps/input-lists.ts'
import { seededRandom } from '../../../shared/domain/random.ts'
import { misfitsOf } from '../../../shared/workflow/types/misfits.ts'
import { typeOfSchema, typeTakenBy } from '../../../shared/workflow/types/type-of-schema.ts'
import { randomSchema, type Schema, valueFor } from '../../support/random/random-schemas.ts'

const RUNS = 1_500

/** Whether a step's input takes a value that an expression has found. */
function isTaken(value: ReturnType<typeof valueFor>, schema: Schema): boolean {
  const input = withLists(
    { value },
    { value: '{% $found %}' },
    {
      type: 'object',
      properties: { value: schema },
      required: ['value'],
    },
  )
  return z.fromJSONSchema(schema).safeParse((input as { value: unknown }).value).success
}

/** Objects with declared members are assumed to have no others (types/Q4). */
function isOpen(schema: unknown): boolean {
  if (typeof schema !== 'object' || schema === null) return false
  const { type, properties, additionalProperties } = schema as Schema
  return (
    (type === 'object' && properties !== undefined && additionalProperties === undefined) ||
    Object.values(schema).some(isOpen)
  )
}

describe('what does not fit an input', () => {
  it('causes complaints only if no value fits (types/Q2)', () => {
    let complaints = 0
    for (let seed = 0; seed < RUNS; seed++) {
      const random = seededRandom(`misfit ${seed}`)
      const found = randomSchema(random)
      const wanted = random() < 0.5 ? randomSchema(random) : changed(found, random)
      const misfits = misfitsOf(typeOfSchema(found), typeTakenBy(wanted))
      if (misfits.length === 0) continue
      complaints += 1
      for (let at = 0; at < 4; at++) {
        const value = valueFor(found, random, true)
        const shown = JSON.stringify({ seed, found, wanted, value, misfits })
        expect(isTaken(value, wanted), shown).toBe(false)
      }
    }
    expect(complaints).toBeGreaterThan(RUNS / 10)
  })

  it('is empty for a schema and itself', () => {
    for (let seed = 0; seed < RUNS; seed++) {
      const schema = randomSchema(seededRandom(`itself ${seed}`))
      expect(misfitsOf(typeOfSchema(schema), typeTakenBy(schema)), JSON.stringify(schema)).toEqual([])
    }
  })

  it('is reported if all members are declared and one has another type', () => {
    for (let seed = 0; seed < RUNS; seed++) {
      const random = seededRandom(`other ${seed}`)
      const found = randomSchema(random)
      if (isOpen(found) || found.type !== 'object' || !Array.isArray(found.required)) continue
      const [name] = found.required
      if (typeof name !== 'string') continue
      const { properties } = found as { properties: Record<string, Schema> }
      const wanted = {
        ...found,
        properties: {
          ...properties,
          [name]: { type: 'object', required: ['no'], properties: { no: {} }, additionalProperties: false },
        },
      }
      const own = typeOfSchema(properties[name])
      if (own.any || own.object || own.array) continue
      expect(misfitsOf(typeOfSchema(found), typeTakenBy(wanted)).map(({ at }) => at)).toEqual([[name]])
    }
  })
})

/** The same schema with another one somewhere in it. */
function changed(schema: Schema, random: () => number): Schema {
  if (random() < 0.2) return randomSchema(random, 1)
  const copy = structuredClone(schema)
  if (copy.type === 'array') return { ...copy, items: changed(copy.items as Schema, random) }
  if (copy.type !== 'object' || typeof copy.properties !== 'object') return randomSchema(random, 1)
  const names = Object.keys(copy.properties as object)
  const name = names[Math.floor(random() * names.length)] as string
  const properties = copy.properties as Record<string, Schema>
  if (random() < 0.3)
    return {
      ...copy,
      properties: { ...properties, more: { type: 'string' } },
      required: [...(copy.required as string[]), 'more'],
    }
  return { ...copy, properties: { ...properties, [name]: changed(properties[name] as Schema, random) } }
}
