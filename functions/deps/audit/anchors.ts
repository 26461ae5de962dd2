import type { Anchors } from '../../../shared/ports/anchors.ts'
import { s3Anchors } from '../../adapters/anchors/anchors.ts'
import { kmsSigner } from '../../adapters/anchors/kms-signer.ts'
import { signedCall } from '../../adapters/signed-call.ts'
import { bucket } from '../clients.ts'
import { environment } from '../environment.ts'
import { once } from '../once.ts'

/** Undefined in a stage without anchors. */
export const anchors = (): Anchors | undefined =>
  once('anchors', () => {
    const { ANCHORS_BUCKET, ANCHOR_KEY } = environment()
    if (ANCHORS_BUCKET === undefined || ANCHOR_KEY === undefined) return undefined
    const signer = kmsSigner({ key: ANCHOR_KEY, call: signedCall })
    return s3Anchors({ client: bucket().client, bucket: ANCHORS_BUCKET, signer })
  })
