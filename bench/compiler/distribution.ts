export type Distribution = { median: number; p90: number; p99: number; max: number }

/** Percentiles by nearest rank; zeros for an empty list. */
export function distributionOf(values: readonly number[]): Distribution {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (share: number): number => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0
  return { median: at(0.5), p90: at(0.9), p99: at(0.99), max: at(1) }
}
