import type { AnchorList, ListAnchors } from '../../contracts/audit-views.ts'
import { SIGNING_ALGORITHM } from '../../domain/audit-anchor.ts'
import type { Caller } from '../../domain/caller.ts'
import type { Anchors } from '../../ports/anchors.ts'

/** The anchors of the caller's tenant, with the key that signs them now; none where the stage has no anchors. */
export const listAnchors =
  ({ anchors }: { anchors?: Anchors | undefined }) =>
  async ({ from, limit }: ListAnchors, { tenant }: Caller): Promise<AnchorList> => {
    if (anchors === undefined) return { tenant, key: null, anchors: [], next: null }
    const [publicKey, page] = await Promise.all([anchors.publicKey(), anchors.list(tenant, { from, limit })])
    return {
      tenant,
      key: { algorithm: SIGNING_ALGORITHM, publicKey },
      anchors: page.anchors,
      next: page.next ?? null,
    }
  }
