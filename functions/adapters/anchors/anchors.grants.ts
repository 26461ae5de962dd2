import { grantsOf } from '../../../shared/contracts/grants.ts'
import type { Anchors } from '../../../shared/ports/anchors.ts'

const when = 'auditAnchorDays'
const objects = { kind: 'anchors' } as const
const key = { kind: 'anchor-key' } as const

/** No function may change or delete an anchor, nor shorten its retention (anchors/N3). */
export const anchorsGrants = grantsOf<Anchors>()({
  methods: {
    write: [
      { actions: ['s3:PutObject'], on: objects, when },
      { actions: ['kms:Sign', 'kms:GetPublicKey'], on: key, when },
    ],
    list: [
      { actions: ['s3:GetObjectVersion'], on: objects, when },
      { actions: ['s3:ListBucketVersions'], on: { kind: 'anchor-listing' }, when },
    ],
    publicKey: [{ actions: ['kms:GetPublicKey'], on: key, when }],
  },
  modes: { write: ['write', 'list'], read: ['list', 'publicKey'] },
})
