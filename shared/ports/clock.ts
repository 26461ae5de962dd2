/** The current time; tests use a virtual clock. */
export type Clock = { now(): Date }
