import type { Anchor, SignedAnchor } from '../domain/audit-anchor.ts'

/** A page of anchors; `next` is the entry to go on from, undefined after the last. */
export type AnchorPage = { anchors: SignedAnchor[]; next?: number }

/** Signed ends of chains, kept where nobody can change or delete them for a time. */
export type Anchors = {
  /** Signs and keeps an anchor, unless there is one for this entry; false then. */
  write(anchor: Anchor): Promise<boolean>
  /** Those of a tenant from an entry on, oldest first; also those that somebody has hidden behind a mark of deletion. */
  list(tenant: string, page: { from: number; limit: number }): Promise<AnchorPage>
  /** The key that signs now: SubjectPublicKeyInfo, DER in base64. */
  publicKey(): Promise<string>
}
