import type * as z from 'zod'
import { boundedText } from '../shared/domain/bounded.ts'
import { suggestNames } from '../shared/domain/nearest-names.ts'
import { type StageFile, toldAt } from './read-stage-file.ts'

/** The most characters of a value that a message quotes. */
const MOST_VALUE_CHARACTERS = 200

type Given = { file: StageFile; overrides: Readonly<Record<string, unknown>> }

/**
 * The problems of a stage as lines: the place (line and column of the file, or the option of the command line), the expected value and
 * the actual one. `fieldsIn` lists the known names at a path.
 */
export function describeStageIssues(
  { issues }: z.ZodError,
  { file, overrides }: Given,
  fieldsIn: (path: readonly PropertyKey[]) => readonly string[],
): string {
  const values = { ...file.fields, ...overrides }
  const lines = issues.flatMap(ofNearest).flatMap((issue) => {
    if (issue.code === 'unrecognized_keys')
      return issue.keys.map((key) => {
        const path = [...issue.path, key]
        const known = fieldsIn(issue.path)
        const unknown = `there is no field "${path.join('.')}"${suggestNames(key, known)}`
        const [field = ''] = path
        return Object.hasOwn(overrides, field)
          ? `--context ${unknown}`
          : toldAt(file.placeOfKey(path), unknown)
      })
    const [field = ''] = issue.path
    const isKey = issue.code === 'invalid_key'
    const line = `${issue.path.join('.')}: ${wrongWith(issue, valueAt(values, issue.path))}`
    if (Object.hasOwn(overrides, field)) return `--context ${line}`
    return toldAt(isKey ? file.placeOfKey(issue.path) : file.placeOf(issue.path), line)
  })
  return [...new Set(lines)].map((line) => `\n  ${line}`).join('')
}

/** What is wrong with the alternative that was meant: the one that the value fails furthest inside of. Where it fails all at once, the issue itself. */
function ofNearest(issue: z.core.$ZodIssue): z.core.$ZodIssue[] {
  if (issue.code !== 'invalid_union') return [issue]
  const inside = issue.errors.find((alternative) =>
    alternative.every(({ code, path }) => path.length > 0 || code === 'unrecognized_keys'),
  )
  const placed = inside?.map((one) => ({ ...one, path: [...issue.path, ...one.path] }))
  return placed === undefined || placed.length === 0 ? [issue] : placed.flatMap(ofNearest)
}

function wrongWith(issue: z.core.$ZodIssue, value: unknown): string {
  if (issue.code === 'invalid_key') return issue.issues.map(({ message }) => message).join(', ')
  // A check of several fields says itself what is missing.
  return issue.code === 'custom' && value === undefined ? issue.message : told(value, issue.message)
}

function told(value: unknown, right: string): string {
  if (value === undefined) return 'is required'
  if (value === null) return `it has no value; leave the line out, or give it one: ${right}`
  return `${right}; this is ${boundedText(shown(value), MOST_VALUE_CHARACTERS)}`
}

function shown(value: unknown): string {
  if (typeof value === 'number') return String(value)
  try {
    return JSON.stringify(value)
  } catch {
    return 'an alias of itself'
  }
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((inner, key) => {
    return typeof inner === 'object' && inner !== null && Object.hasOwn(inner, key)
      ? (inner as Record<PropertyKey, unknown>)[key]
      : undefined
  }, value)
}
