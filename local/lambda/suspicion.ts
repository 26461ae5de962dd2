/** Evidence that an invocation kills processes: the deaths during which it ran. */
export type Suspicion = {
  /** Deaths of the local cloud in which its sandbox also died, or may have. */
  deaths: number
  /** Deaths of the local cloud that its sandbox outlived. */
  excused: number
  /** It was alone in a sandbox that died. */
  blamed: boolean
}

export const NO_SUSPICION: Suspicion = { deaths: 0, excused: 0, blamed: false }

/**
 * How an invocation may run: in a shared sandbox; in a sandbox of its own; in one of its own while no other such
 * suspect runs; or not at all.
 */
export type Manner = 'shared' | 'apart' | 'alone' | 'never'

/** The first death, and those of two more runs. */
const MOST_DEATHS = 3
/** A repeated `kill -9` is no evidence against running invocations; but a restart loop must end, even at the cost of an innocent one. */
const MOST_EXCUSED = 30

/** How an invocation runs next, by the evidence against it. */
export function mannerOf({ deaths, excused, blamed }: Suspicion): Manner {
  if (deaths >= MOST_DEATHS || deaths + excused >= MOST_EXCUSED) return 'never'
  if (deaths === MOST_DEATHS - 1) return 'alone'
  return deaths > 0 || blamed ? 'apart' : 'shared'
}
