import * as z from 'zod'
import { describeIssues } from '../../shared/domain/issue.ts'
import { issuesOfZod } from '../../shared/domain/issues-of-zod.ts'
import { isJsonObject } from '../../shared/domain/json.ts'
import { EvaluateSchema } from '../../shared/workflow/evaluation/evaluate-schema.ts'
import { issuesOfEvaluate } from '../../shared/workflow/evaluation/issues-of-evaluate.ts'
import { issuesOfExpression } from '../../shared/workflow/expression-issues.ts'
import { expressionsIn } from '../../shared/workflow/expressions.ts'
import { CliError } from '../cli-error.ts'

const CaseSchema = z.strictObject({
  id: z.string().min(1).max(200).optional(),
  input: z.json().default({}),
  expected: z.json().optional(),
  rules: EvaluateSchema.shape.rules,
  schema: EvaluateSchema.shape.schema,
  tags: z.array(z.string().min(1).max(100)).max(20).default([]),
})

/** One case of a data set: what goes in, and what is wanted of what comes out. */
export type Case = z.output<typeof CaseSchema> & { id: string }

/** What the rules of a case know. */
export const NAMES_OF_CASE = ['input', 'output', 'expected']

const MOST_CASES = 10_000
const MOST_TOLD = 20

/** The cases in a text of JSON lines; empty lines are left out. Throws CliError with every line that is none. */
export function parseCases(text: string, file: string): Case[] {
  const lines = text
    .replace(/^\uFEFF/, '')
    .split(/\r\n|\n|\r/)
    .flatMap((line, at) => (line.trim() === '' ? [] : [{ line, number: at + 1 }]))
  const read = lines.map(({ line, number }) => ({ number, ...readCase(line, number) }))
  const bad = read.flatMap(({ number, fault }) =>
    fault === undefined ? [] : [`${file}:${number}: ${fault}`],
  )
  const cases = read.flatMap(({ one, number }) => (one ? [{ one, number }] : []))
  const seen = new Map<string, number>()
  for (const { one, number } of cases) {
    const before = seen.get(one.id)
    if (before !== undefined)
      bad.push(`${file}:${number}: the id "${one.id}" is that of line ${before} too; each case has its own`)
    seen.set(one.id, before ?? number)
  }
  if (bad.length > 0) {
    const more = bad.length > MOST_TOLD ? `\n... and ${bad.length - MOST_TOLD} lines more` : ''
    throw new CliError(`${bad.slice(0, MOST_TOLD).join('\n')}${more}`)
  }
  if (cases.length === 0)
    throw new CliError(
      `${file} has no cases; each is a line such as {"input": {"text": "..."}, "expected": {"label": "..."}}`,
    )
  if (cases.length > MOST_CASES)
    throw new CliError(`${file} has ${cases.length} cases; the most is ${MOST_CASES}: split it`)
  return cases.map(({ one }) => one)
}

function readCase(line: string, number: number): { one?: Case; fault?: string } {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch (error) {
    return { fault: `it is not JSON (a case is one line): ${(error as Error).message}` }
  }
  if (!isJsonObject(value))
    return { fault: 'a case is an object such as {"input": {...}, "expected": ..., "rules": {...}}' }
  const parsed = CaseSchema.safeParse(value)
  if (!parsed.success)
    return {
      fault: describeIssues(issuesOfZod(parsed.error, { schema: CaseSchema, value, what: 'the case' })),
    }
  const { rules, schema, id = `line ${number}` } = parsed.data
  const issues = [
    ...(rules || schema ? issuesOfEvaluate({ rules, schema }, 'case') : []),
    ...expressionsIn({ rules }).flatMap((found) => issuesOfExpression(found, [], NAMES_OF_CASE, true)),
  ]
  return issues.length > 0 ? { fault: describeIssues(issues) } : { one: { ...parsed.data, id } }
}
