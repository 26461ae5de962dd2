import { readFileSync } from 'node:fs'
import { Ajv } from 'ajv'
import { expect, it } from 'vitest'
import { parse } from 'yaml'
import { FIELDS, parseStage } from '../../../infra/stage.ts'
import { stageJsonSchema } from '../../../infra/stage-json-schema.ts'

const schema = stageJsonSchema()
const fits = new Ajv({ strict: true, strictTypes: false, validateFormats: false }).compile(schema)
const isAccepted = (text: string): boolean => {
  try {
    parseStage('test', text, {})
    return true
  } catch {
    return false
  }
}

/** The default stage with every commented field written out. */
const EVERYTHING = readFileSync('stages/default.yaml', 'utf8')
  .split('\n')
  .flatMap((line) => /^# (\w+: (?:[^#]+?)| {2}\S.*?)( +#.*)?$/.exec(line)?.[1] ?? [])
  .map((line) => (line.startsWith('prices:') ? 'prices:' : line))
  .join('\n')

it('accepts a stage with every field, as the parser does', () => {
  const fields = parse(EVERYTHING)
  expect(Object.keys(fields).sort()).toEqual([...FIELDS].sort())
  expect(isAccepted(EVERYTHING)).toBe(true)
  expect(fits(fields), JSON.stringify(fits.errors)).toBe(true)
})

it.each([
  ['a wrong field', 'retention: 30'],
  ['a retention that CloudWatch does not know', 'logRetentionDays: 31'],
  ['a number as a word', 'burstRequests: many'],
  ['a field without value', 'prefix:'],
  ['an account of letters', 'account: production'],
  ['a member of prices that is none', 'prices: { lambdaGbSeconds: 1 }'],
])('refuses %s, as the parser does', (_what, text) => {
  expect(isAccepted(text)).toBe(false)
  expect(fits(parse(text))).toBe(false)
})

it('takes text without quotes where the parser keeps it, and a number in quotes', () => {
  const text = 'account: 012345678901\ntags: { release: 1.10 }\ntaskRetentionDays: "90"'
  expect(isAccepted(text)).toBe(true)
  expect(fits(parse(text))).toBe(true)
})

it('describes every field, and says its default', () => {
  const properties = schema.properties as Record<string, { description?: string; default?: unknown }>
  expect(Object.keys(properties)).toEqual(FIELDS)
  expect(Object.entries(properties).filter(([, { description }]) => !description)).toEqual([])
  expect(properties.logRetentionDays).toMatchObject({ default: 30 })
})
