import { ownOf } from '../shared/domain/own.ts'
import { CliError } from './cli-error.ts'
import { readJsonOption } from './read-json-option.ts'

/** Of an option that is a number from 0 on. */
export const numberOption =
  (name: string) =>
  (text: string): number => {
    const value = Number(text)
    if (text.trim() !== '' && Number.isFinite(value) && value >= 0) return value
    throw new CliError(`${name} is a number from 0 on; this is "${text}"`)
  }

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 }

/** In seconds. */
export function parseDuration(text: string): number {
  const [, count, unit = 's'] = /^(\d+(?:\.\d+)?)([smhd]?)$/.exec(text) ?? []
  const seconds = Number(count) * (SECONDS[unit || 's'] ?? 1)
  if (seconds > 0) return seconds
  throw new CliError(`a duration is a number with s, m, h or d, e.g. 90s or 10m; this is "${text}"`)
}

/** Of an option that says something of a step, and may be repeated. */
export const stepValue =
  (option: string) =>
  (text: string, before: [string, string][]): [string, string][] => {
    const at = text.indexOf('=')
    if (at > 0 && at < text.length - 1) return [...before, [text.slice(0, at), text.slice(at + 1)]]
    throw new CliError(`${option} is step=value; this is "${text}"`)
  }

/** What steps are to do otherwise; undefined where nothing is wished. */
export async function doOtherwise({
  agent,
  stepInput,
}: {
  agent: readonly [string, string][]
  stepInput: readonly [string, string][]
}): Promise<Record<string, { agent?: string; input?: unknown }> | undefined> {
  const steps: Record<string, { agent?: string; input?: unknown }> = {}
  for (const [step, named] of agent) steps[step] = { ...ownOf(steps, step), agent: named }
  for (const [step, text] of stepInput)
    steps[step] = { ...ownOf(steps, step), input: await readJsonOption(text, `--step-input ${step}`) }
  return Object.keys(steps).length > 0 ? steps : undefined
}
