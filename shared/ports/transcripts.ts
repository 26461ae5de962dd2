import type { TranscriptEntry } from '../domain/transcript.ts'

/** Calls of language models, kept with the attempts of steps; they expire with their task. */
export type Transcripts = {
  addEntry(of: { taskId: string; path: string }, entry: TranscriptEntry): Promise<void>
  /** In the order of the calls; `cursor` is the id of the last one of the page before. */
  listEntries(
    of: { taskId: string; path: string },
    page: { limit: number; cursor?: string },
  ): Promise<{ entries: TranscriptEntry[]; cursor?: string }>
}
