/** Runs `act` once after a delay; the returned function cancels it. */
export type Timer = (milliseconds: number, act: () => void) => () => void

export const platformTimer: Timer = (milliseconds, act) => {
  const timeout = setTimeout(act, milliseconds)
  return () => clearTimeout(timeout)
}
