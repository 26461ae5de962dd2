/** What speaks against an invocation: what died while it ran. */
export type Suspicion = {
  /** Deaths of the local cloud that its sandbox did not outlive, as far as anything tells. */
  deaths: number
  /** Deaths of the local cloud that its sandbox has outlived. */
  excused: number
  /** A sandbox died in which it was alone. */
  blamed: boolean
}

export const NO_SUSPICION: Suspicion = { deaths: 0, excused: 0, blamed: false }

/** How it may run: beside others, in a process of its own, in one while no other such suspect runs, or not at all. */
export type Manner = 'shared' | 'apart' | 'alone' | 'never'

/** It was running at the first, and is run twice more. */
const MOST_DEATHS = 3
/** `kill -9` again and again says nothing of what was running; that this ends all the same is worth some injustice. */
const MOST_EXCUSED = 30

/** How an invocation runs next, by what speaks against it. */
export function mannerOf({ deaths, excused, blamed }: Suspicion): Manner {
  if (deaths >= MOST_DEATHS || deaths + excused >= MOST_EXCUSED) return 'never'
  if (deaths === MOST_DEATHS - 1) return 'alone'
  return deaths > 0 || blamed ? 'apart' : 'shared'
}
