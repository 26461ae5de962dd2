import type { Json } from '../../shared/domain/json.ts'
import { suggestNames } from '../../shared/domain/nearest-names.ts'
import { parseTime, RIGHT_TIME } from '../../shared/domain/times.ts'
import { CliError } from '../cli-error.ts'
import { readJsonOption } from './read-json-option.ts'

/** A decimal number; `Number` would also accept "", " 5" and 0x10. */
const NUMBER = /^(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i

/** Parses an option that is a number of at least 0. */
export const numberOption =
  (name: string) =>
  (text: string): number => {
    const value = NUMBER.test(text) ? Number(text) : Number.NaN
    if (Number.isFinite(value)) return value
    throw new CliError(`${name} is a number from 0 on; this is "${text}"`)
  }

/** Parses an option that is a whole number in an inclusive range. */
export const wholeOption =
  (name: string, least: number, most: number) =>
  (text: string): number => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
    if (value >= least && value <= most) return value
    throw new CliError(`${name} is a whole number from ${least} to ${most}; this is "${text}"`)
  }

/** A sanity limit, far above any task. */
export const MOST_TOKENS = 1_000_000_000_000

/** Parses an option that is one of some names. */
export const choiceOption =
  <Choice extends string>(name: string, choices: readonly Choice[]) =>
  (text: string): Choice => {
    const chosen = choices.find((choice) => choice === text)
    if (chosen !== undefined) return chosen
    throw new CliError(`${name}: there is no "${text}"${suggestNames(text, choices)}`)
  }

/** Parses an option that is a point in time. */
export const timeOption =
  (name: string) =>
  (text: string): string => {
    if (parseTime(text) !== undefined) return text
    throw new CliError(`${name} is "${text}"; ${RIGHT_TIME}`)
  }

/** Parses an option that is a point in time, or an age such as `2h`. */
export const momentOption =
  (name: string) =>
  (text: string): string => {
    if (parseTime(text) !== undefined) return text
    const [, count, unit = ''] = /^(\d+(?:\.\d+)?)([smhd])$/.exec(text) ?? []
    const ago = Number(count) * (SECONDS[unit] ?? Number.NaN) * 1_000
    if (ago >= 0 && ago <= Date.now()) return new Date(Date.now() - ago).toISOString()
    throw new CliError(
      `${name} is "${text}"; it is how long ago, such as 90s, 2h or 7d, or a time: ${RIGHT_TIME}`,
    )
  }

/** Parses an argument that must be a task id. */
export function parseTaskId(text: string): string {
  if (/^t_[0-9a-z]{26}$/.test(text)) return text
  throw new CliError(
    `"${text}" is no task id, which is t_ and 26 characters; find it with: npx orchestrator list`,
  )
}

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 }

/** Parses the duration of `--deadline`, in seconds. */
export const parseDuration = (text: string): number => durationOption('--deadline')(text)

/** Parses a duration, in seconds. */
export const durationOption =
  (option: string) =>
  (text: string): number => {
    const [, count, unit = 's'] = /^(\d+(?:\.\d+)?)([smhd]?)$/.exec(text) ?? []
    const seconds = Number(count) * (SECONDS[unit || 's'] ?? 1)
    if (seconds > 0) return seconds
    throw new CliError(`${option} is a number with s, m, h or d, e.g. 90s or 10m; this is "${text}"`)
  }

/** Parses a repeatable option `name=value`, with each name at most once. */
export const pairOption =
  (option: string, form: string) =>
  (text: string, before: [string, string][]): [string, string][] => {
    const at = text.indexOf('=')
    if (at < 1 || at === text.length - 1) throw new CliError(`${option} is ${form}; this is "${text}"`)
    const name = text.slice(0, at)
    if (before.some(([other]) => other === name))
      throw new CliError(`${option} says "${name}" twice; say it once`)
    return [...before, [name, text.slice(at + 1)]]
  }

type Otherwise = { agent?: string; input?: Json }

/** The overrides of steps; undefined if there are none. */
export async function doOtherwise({
  agent,
  stepInput,
}: {
  agent: readonly [string, string][]
  stepInput: readonly [string, string][]
}): Promise<Record<string, Otherwise> | undefined> {
  // A Map, because a step may have the name of a member that every object inherits.
  const steps = new Map<string, Otherwise>()
  for (const [step, named] of agent) steps.set(step, { agent: named })
  for (const [step, text] of stepInput)
    steps.set(step, { ...steps.get(step), input: await readJsonOption(text, `--step-input ${step}`) })
  return steps.size > 0 ? Object.fromEntries(steps) : undefined
}

/** The option of commands that take a workflow file. */
export const LENIENT = [
  '--lenient',
  'wrong names and types in expressions of the workflow are warnings',
] as const
