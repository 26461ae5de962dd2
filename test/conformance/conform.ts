import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { KNOWN_DIFFERENCES } from './known-differences.ts'
import { type Case, judgeDefinition, runCase } from './run-case.ts'
import { translate } from './translate.ts'
import { NotTranslatable } from './translate-paths.ts'

export type AreaReport = {
  area: string
  language: string
  passed: number
  failed: number
  known: number
  notApplicable: number
}
export type Report = {
  areas: AreaReport[]
  failures: { id: string; differences: string[] }[]
  /** Skipped cases by reason, counted. */
  reasons: Record<string, number>
  /** Known differences that did not occur: they must be removed from the list. */
  stale: string[]
  /** Recordings with each event's previousEventId, which the matcher ignores: how many agree in it too. */
  chains: { agree: number; differ: number }
}
type Difference = { path: string; message: string }
type Matcher = {
  matchCase(result: unknown, recorded: Case, options?: object): Difference[]
  matchExpected(actual: unknown, expected: unknown, options: object): Difference[]
}

/** A case that hangs counts as a failure. */
const BOUND_MILLISECONDS = 5_000
const MAX_DIFFERENCES = 3

/**
 * Runs the cases of a folder (`cases/*.jsonl` beside `match.mjs`): those in JSONata unchanged, those in JSONPath where
 * an exact translation exists. Whole histories are compared.
 */
export async function conform(folder: string): Promise<Report> {
  const matcher = (await import(pathToFileURL(join(folder, 'match.mjs')).href)) as Matcher
  const report: Report = { areas: [], failures: [], reasons: {}, stale: [], chains: { agree: 0, differ: 0 } }
  for (const file of readdirSync(join(folder, 'cases')).sort()) {
    const lines = readFileSync(join(folder, 'cases', file), 'utf8')
      .trim()
      .split('\n')
    for (const line of lines) await judge(JSON.parse(line) as Case, matcher, report)
  }
  return report
}

export function hasCases(folder: string): boolean {
  return existsSync(join(folder, 'match.mjs')) && existsSync(join(folder, 'cases'))
}

async function judge(recorded: Case, matcher: Matcher, report: Report): Promise<void> {
  const prepared = prepare(recorded)
  const area = areaOf(report, recorded.area, prepared.language)
  if ('reason' in prepared) {
    area.notApplicable += 1
    report.reasons[prepared.reason] = (report.reasons[prepared.reason] ?? 0) + 1
    return
  }
  const differences = await compare(prepared.runnable, recorded, matcher, report)
  const isKnown = recorded.id in KNOWN_DIFFERENCES
  if (differences.length === 0) {
    area.passed += 1
    if (isKnown) report.stale.push(recorded.id)
  } else if (isKnown) area.known += 1
  else {
    area.failed += 1
    const told = differences.slice(0, MAX_DIFFERENCES).map(({ path, message }) => `${path}: ${message}`)
    report.failures.push({ id: recorded.id, differences: told })
  }
}

async function compare(
  runnable: Case,
  recorded: Case,
  matcher: Matcher,
  { chains }: Report,
): Promise<Difference[]> {
  if (recorded.kind !== 'execution') return matcher.matchCase(judgeDefinition(runnable), recorded)
  const result = await bounded(runCase(runnable, matcher.matchExpected))
  const differences = matcher.matchCase(result, recorded)
  if (differences.length === 0 && hasChain(recorded)) {
    const agrees = matcher.matchCase(result, recorded, { checkPrev: true }).length === 0
    chains[agrees ? 'agree' : 'differ'] += 1
  }
  return differences
}

const hasChain = ({ expected: { events, eventOrder } }: Case): boolean =>
  eventOrder === 'exact' && events !== undefined && events.every((event) => 'prev' in event)

type Prepared = { language: string } & ({ runnable: Case } | { reason: string })

function prepare(recorded: Case): Prepared {
  const { kind, type, definition, definitionText, expected } = recorded
  const text = JSON.stringify(definition ?? {})
  const isJsonata = definition?.QueryLanguage === 'JSONata' || definitionText !== undefined
  const isMixed = !isJsonata && text.includes('"QueryLanguage":"JSONata"')
  const language = isJsonata ? 'JSONata' : isMixed ? 'mixed' : 'JSONPath'
  const isDefinition = kind === 'validate' || kind === 'create-rejected'
  if (kind !== 'execution' && !isDefinition) return { language, reason: `the kind ${kind}` }
  if (isJsonata && (isDefinition || type !== 'EXPRESS')) return { language, runnable: recorded }
  if (isDefinition || isMixed)
    return { language, reason: `a ${isMixed ? 'second language' : 'definition in JSONPath'}` }
  if (type === 'EXPRESS') return { language, reason: 'an express workflow' }
  if (text.includes(':activity:')) return { language, reason: 'an activity' }
  const { error } = expected as { error?: string }
  if (error && JSONPATH_ERRORS.includes(error))
    return { language, reason: `the error ${error}, which paths have and queries have not` }
  try {
    const translated = translate(definition as Record<string, unknown>) as NonNullable<Case['definition']>
    return { language: 'translated', runnable: { ...recorded, definition: translated } }
  } catch (problem) {
    if (!(problem instanceof NotTranslatable)) throw problem
    return { language, reason: `not translatable: ${generalised(problem.message)}` }
  }
}

/** Errors of a path that finds nothing, which JSONata does not have. */
const JSONPATH_ERRORS = ['States.Runtime', 'States.ParameterPathFailure', 'States.ResultPathMatchFailure']

const generalised = (reason: string): string =>
  reason.replace(/^the (path|rule|ResultPath) .*/, 'a $1 that is not simple')

function areaOf(report: Report, area: string, language: string): AreaReport {
  const known = report.areas.find((one) => one.area === area && one.language === language)
  if (known) return known
  const made = { area, language, passed: 0, failed: 0, known: 0, notApplicable: 0 }
  report.areas.push(made)
  return made
}

async function bounded(run: Promise<unknown>): Promise<unknown> {
  const { promise, resolve } = Promise.withResolvers<unknown>()
  const timer = setTimeout(() => resolve({ status: 'HANGS' }), BOUND_MILLISECONDS)
  const failed = (error: unknown) => ({ status: 'REFUSED', error: String(error) })
  return Promise.race([run.catch(failed), promise]).finally(() => clearTimeout(timer))
}
