import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Case, runCase } from './run-case.ts'

export type AreaReport = {
  area: string
  language: string
  passed: number
  failed: number
  notApplicable: number
}
export type Report = {
  areas: AreaReport[]
  failures: { id: string; differences: string[] }[]
  reasons: Record<string, number>
}
type Difference = { path: string; message: string }
type Matcher = {
  matchCase(result: unknown, recorded: Case): Difference[]
  matchExpected(actual: unknown, expected: unknown, options: object): Difference[]
}

/** A case that hangs is a failure too. */
const BOUND_MILLISECONDS = 5_000
const MAX_DIFFERENCES = 3

/** Runs every case of a folder (`cases/*.jsonl` beside `match.mjs`) that is recorded in JSONata; counts why others are not. */
export async function conform(folder: string): Promise<Report> {
  const matcher = (await import(pathToFileURL(join(folder, 'match.mjs')).href)) as Matcher
  const report: Report = { areas: [], failures: [], reasons: {} }
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

async function judge(recorded: Case, { matchCase, matchExpected }: Matcher, report: Report): Promise<void> {
  const language = languageOf(recorded)
  const area = areaOf(report, recorded.area, language)
  const reason = whyNotApplicable(recorded, language)
  if (reason) {
    area.notApplicable += 1
    report.reasons[reason] = (report.reasons[reason] ?? 0) + 1
    return
  }
  const differences = matchCase(await bounded(runCase(recorded, matchExpected)), recorded)
  if (differences.length === 0) {
    area.passed += 1
    return
  }
  area.failed += 1
  const told = differences.slice(0, MAX_DIFFERENCES).map(({ path, message }) => `${path}: ${message}`)
  report.failures.push({ id: recorded.id, differences: told })
}

function languageOf({ definition }: Case): string {
  if (definition?.QueryLanguage === 'JSONata') return 'JSONata'
  return JSON.stringify(definition ?? {}).includes('"QueryLanguage":"JSONata"') ? 'mixed' : 'JSONPath'
}

function whyNotApplicable({ kind, type }: Case, language: string): string | undefined {
  if (kind !== 'execution') return `kind ${kind}`
  if (type === 'EXPRESS') return 'express workflows'
  return language === 'JSONata' ? undefined : `language ${language}`
}

function areaOf(report: Report, area: string, language: string): AreaReport {
  const known = report.areas.find((one) => one.area === area && one.language === language)
  if (known) return known
  const made = { area, language, passed: 0, failed: 0, notApplicable: 0 }
  report.areas.push(made)
  return made
}

async function bounded(run: Promise<unknown>): Promise<unknown> {
  const { promise, resolve } = Promise.withResolvers<unknown>()
  const timer = setTimeout(() => resolve({ status: 'HANGS' }), BOUND_MILLISECONDS)
  const failed = (error: unknown) => ({ status: 'REFUSED', error: String(error) })
  return Promise.race([run.catch(failed), promise]).finally(() => clearTimeout(timer))
}
