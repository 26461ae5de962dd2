/** Of a time, in UTC: `2026-11-23`. */
export const dayOf = (time: Date): string => time.toISOString().slice(0, 10)

/** Negative for a time that has passed. */
export const secondsUntil = (time: string, now: Date): number => (Date.parse(time) - now.getTime()) / 1_000
