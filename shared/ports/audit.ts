import type { AuditEntry, AuditedCall, ChainEnd } from '../domain/audit.ts'

/** A call that is in no chain yet. */
export type NotedCall = AuditedCall & {
  /** Where it is kept until it is appended. */
  key: string
  /** The place in the chain for which a writer has claimed it. */
  claimed?: number
  /** A count of refused calls that has come to one: that one has a note of its own. */
  isSingle?: true
}

/** A page of entries; `next` is the sequence to go on from, undefined after the last. */
export type AuditPage = { entries: AuditEntry[]; next?: number }

/** The record of what callers have changed: notes of calls, and the chains of tenants into which they go. */
export type Audit = {
  /** Before its effect: a call that begins, kept with the outcome `unknown` until it is concluded. */
  note(call: Omit<AuditedCall, 'outcome' | 'status' | 'error' | 'answered'>): Promise<void>
  /** After its effect. Without effect where the call has been appended already. */
  conclude(call: AuditedCall): Promise<void>
  /**
   * Counts a refused call with those of the same caller, action and error in its minute; returns how many they are with it. The first of them is kept,
   * under the id of `call`, which must be a new one; its `repeated` says how many more there were.
   */
  countRefused(call: AuditedCall, endOfMinute: string): Promise<number>
  /** Forgets the note of a call that is counted instead. */
  forget(call: Pick<AuditedCall, 'id' | 'at'>): Promise<void>
  /**
   * Some of the calls that are in no chain yet, the oldest first: those that are concluded, those that began before `since` (ISO), and counts of minutes
   * that have ended before it.
   */
  listNoted(since: string): Promise<NotedCall[]>
  /** Tells that a tenant has a chain; before its entry is appended. */
  markChain(tenant: string): Promise<void>
  /** All chains that were marked, each with the entry up to which an anchor covers it; 0 without one. */
  listChains(): Promise<{ tenant: string; anchored: number }[]>
  /** Tells up to which entry an anchor covers a chain. */
  markAnchored(tenant: string, sequence: number): Promise<void>
  /** Claims a call for a place, where it is claimed for the place that `noted` says, or for none. False where another writer was faster. */
  claim(noted: NotedCall, sequence: number): Promise<boolean>
  /** Appends an entry; false where its place is taken. */
  append(entry: AuditEntry): Promise<boolean>
  /** Forgets the note of a call that is in its chain. */
  drop(noted: NotedCall): Promise<void>
  /** The end of a tenant's chain. */
  endOf(tenant: string): Promise<ChainEnd | undefined>
  findEntry(tenant: string, sequence: number): Promise<AuditEntry | undefined>
  /** Entries from `from` on, that one included: oldest first from 1 by default, newest first from the end. At most `limit`. */
  listEntries(
    tenant: string,
    page: { newestFirst: boolean; from?: number | undefined; limit: number },
  ): Promise<AuditPage>
}
