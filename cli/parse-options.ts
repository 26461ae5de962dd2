import { CliError } from './cli-error.ts'

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
