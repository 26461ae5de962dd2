/**
 * Checks an output as `evaluate` says.
 *
 * Invariants (tests cite them):
 * output-checks/V1 every check has a score from 0 to 1, whatever the output is: a rule that cannot be evaluated has failed, and says why
 * output-checks/V2 a quotation counts only where it stands in the passage that it names, or in any where it names none
 * output-checks/V3 no rule begins when those before it have taken five seconds
 */
import { isOrchestratorError, type OrchestratorError } from '../../domain/errors.ts'
import type { Check } from '../../domain/evaluation.ts'
import { describeIssues } from '../../domain/issue.ts'
import { issuesOfZod } from '../../domain/issues-of-zod.ts'
import type { Json, JsonObject } from '../../domain/json.ts'
import { mentionsInherited, parseOwn } from '../../domain/parse-own.ts'
import { shown } from '../../domain/shown.ts'
import { boundedWork } from '../bounded-work.ts'
import { type Names, resolveExpressions } from '../expressions.ts'
import { schemaOfJson } from '../schema-of-json.ts'
import { checkCitations } from './check-citations.ts'
import type { Evaluate } from './evaluate-schema.ts'

/** The output, and what else expressions know. */
type Known = { output: Json; names: Names }

/** The deterministic checks: the schema, then citations, then rules. Throws UnavailableError where nothing can be evaluated now. */
export async function checkOutput(
  { rules = {}, schema, citations }: Pick<Evaluate, 'rules' | 'schema' | 'citations'>,
  { output, names }: Known,
): Promise<Check[]> {
  const known = { ...names, output }
  const ofSchema = schema ? [checkSchema(schema, output)] : []
  const ofCitations = citations
    ? [
        await checked('citations', 'citations', async () => {
          const lists = await listsOf(citations, known)
          return boundedWork('the check of the citations', () => checkCitations(lists))
        }),
      ]
    : []
  return [...ofSchema, ...ofCitations, ...(await checkRules(rules, known))]
}

/** One after the other, and no more when they have taken long: each may take as long as an expression may (output-checks/V3). */
async function checkRules(rules: NonNullable<Evaluate['rules']>, known: Names): Promise<Check[]> {
  const begun = performance.now()
  const checks: Check[] = []
  for (const [name, text] of Object.entries(rules)) {
    const isLate = performance.now() - begun > MOST_RULES_MILLISECONDS
    const check = async () => (isLate ? LATE : scoreOf(await resolveExpressions(text, known, name)))
    checks.push(await checked('rule', name, check))
  }
  return checks
}

type Scored = Pick<Check, 'score' | 'reason'>
const MOST_RULES_MILLISECONDS = 5_000
const LATE: Scored = {
  score: 0,
  reason: `it was not evaluated: the rules before it took more than ${MOST_RULES_MILLISECONDS / 1_000} s`,
}

/** output-checks/V1 */
async function checked(kind: Check['kind'], name: string, check: () => Promise<Scored>): Promise<Check> {
  try {
    return { kind, name, ...(await check()) }
  } catch (error) {
    if (!isOrchestratorError(error, 'InvalidInputError')) throw error
    return { kind, name, score: 0, reason: reasonOf(error) }
  }
}

/** Why it has failed, without its name and its text, which stand beside it where the check is told. */
function reasonOf({ message, details: { reason, path } }: OrchestratorError): string {
  if (typeof reason !== 'string') return message
  const what = path === 'quotes' || path === 'passages' ? path : 'it'
  return `${what} cannot be evaluated: ${reason}`
}

function scoreOf(value: Json | undefined): Scored {
  if (value === true) return { score: 1 }
  if (value === false) return { score: 0 }
  if (value === undefined || value === null) return { score: 0, reason: 'it finds nothing' }
  if (typeof value === 'number' && value >= 0 && value <= 1) return { score: value }
  return { score: 0, reason: `it is ${shown(value)}; a rule is true, false, or a number from 0 to 1` }
}

function checkSchema(given: Record<string, unknown>, output: Json): Check {
  const check = { kind: 'schema', name: 'schema' } as const
  try {
    return boundedWork('the check of the output against the schema of evaluate', () => {
      const schema = schemaOfJson(given as JsonObject)
      const parsed = mentionsInherited(given) ? parseOwn(schema, output) : schema.safeParse(output)
      if (parsed.success) return { ...check, score: 1 }
      const issues = issuesOfZod(parsed.error, { schema, value: output, what: 'the output' })
      return { ...check, score: 0, reason: describeIssues(issues) }
    })
  } catch (error) {
    if (!isOrchestratorError(error, 'InvalidInputError')) throw error
    return { ...check, score: 0, reason: error.message }
  }
}

async function listsOf(
  { quotes, passages }: NonNullable<Evaluate['citations']>,
  names: Names,
): Promise<{ quotes: Json[]; passages: Json[] }> {
  const found = await Promise.all([
    resolveExpressions(quotes, names, 'quotes'),
    resolveExpressions(passages, names, 'passages'),
  ])
  const [ofQuotes = [], ofPassages = []] = found.map((value) => (value == null ? [] : [value].flat()))
  return { quotes: ofQuotes, passages: ofPassages }
}
