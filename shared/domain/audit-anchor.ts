/**
 * Ends of chains that are kept, signed, where nobody can change them: what shows that a chain was written anew as a whole, or cut off.
 *
 * Invariants (tests cite them):
 * anchors/N1 the signature covers all that an anchor says: one of which anything was altered, or that another key has signed, is named
 * anchors/N2 a chain of which anything up to an anchor was written anew, also with right hashes, or cut off, does not fit it; the first anchor that it
 *   does not fit is named
 * anchors/N3 an anchor is never changed: where the end of a chain does not fit one that is there, nothing is written, and it is told
 */
import * as z from 'zod'
import type { ChainEnd, KeptEnd } from './audit.ts'
import { canonicalJson } from './json.ts'

/** What a signature covers. What a later release may add is kept: it is part of what was signed. */
export const AnchorSchema = z.looseObject({
  tenant: z.string(),
  sequence: z.int().min(1).describe('The last entry of the chain at that time'),
  hash: z.string().describe('Its hash, which covers all entries before it'),
  at: z.string().describe('When the end of the chain was looked at'),
})
export type Anchor = ChainEnd & { tenant: string; at: string }

export const SIGNING_ALGORITHM = 'ECDSA_SHA_256'

export const SignedAnchorSchema = z.looseObject({
  anchor: AnchorSchema,
  algorithm: z
    .literal(SIGNING_ALGORITHM)
    .describe('ECDSA on the curve P-256, over the canonical JSON of `anchor`'),
  publicKey: z.string().describe('The public key: SubjectPublicKeyInfo, DER in base64'),
  signature: z.string().describe('DER in base64'),
})
export type SignedAnchor = z.infer<typeof SignedAnchorSchema>

/** What is signed: canonical JSON, in UTF-8. */
export const signedText = (anchor: Anchor): string => canonicalJson({ ...anchor })

const DIGITS = 12

/** The keys of a tenant's anchors begin so. No tenant has a slash in its name. */
export const anchorsOf = (tenant: string): string => `${tenant}/`
/** Its name in the bucket, and in a copy of it. Names of a tenant sort as the entries do. */
export const anchorKey = ({ tenant, sequence }: Pick<Anchor, 'tenant' | 'sequence'>): string =>
  `${anchorsOf(tenant)}${String(sequence).padStart(DIGITS, '0')}.json`

export type AnchorFault = { sequence: number; anchor: string; what: string }

type Trust = {
  tenant: string
  /** The public keys whose signatures count, as in an anchor. */
  keys: readonly string[]
  /** Whether a signature (DER, base64) of a text is by this public key. False for what is no key and no signature. */
  verify(signed: { text: string; publicKey: string; signature: string }): boolean
}

/** The first anchor that is not what it says (anchors/N1), by its entry; or the ends that the others tell, for ChainCheck (anchors/N2). */
export function endsOfAnchors(
  signed: readonly SignedAnchor[],
  trust: Trust,
): { ends: KeptEnd[] } | { fault: AnchorFault } {
  const inOrder = signed.toSorted((a, b) => a.anchor.sequence - b.anchor.sequence)
  for (const one of inOrder) {
    const what = faultOf(one, trust)
    const { sequence } = one.anchor
    if (what !== undefined) return { fault: { sequence, anchor: anchorKey(one.anchor), what } }
  }
  const ends = inOrder.map(({ anchor }) => ({
    sequence: anchor.sequence,
    hash: anchor.hash,
    name: `anchor ${anchorKey(anchor)} of ${anchor.at}`,
  }))
  return { ends }
}

function faultOf(
  { anchor, publicKey, signature }: SignedAnchor,
  { tenant, keys, verify }: Trust,
): string | undefined {
  if (anchor.tenant !== tenant) return `it is of the tenant ${anchor.tenant}, not of ${tenant}`
  if (!keys.includes(publicKey))
    return `it is signed by a key that is not trusted${publicKey === '' ? '' : `: ${publicKey}`}`
  return verify({ text: signedText(anchor), publicKey, signature })
    ? undefined
    : 'its signature is not of what it says'
}
