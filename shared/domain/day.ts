/** Of a time, in UTC: `2026-11-23`. */
export const dayOf = (time: Date): string => time.toISOString().slice(0, 10)
