/** Time, as the core sees it. */
export type Clock = { now(): Date }
