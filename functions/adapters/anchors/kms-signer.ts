import { SIGNING_ALGORITHM } from '../../../shared/domain/audit-anchor.ts'
import { callAws } from '../aws-errors.ts'
import type { SignedCall } from '../signed-call.ts'

/** Signs by a key that never leaves KMS. */
export type Signer = {
  /** The signature of a text of at most 4,096 bytes: DER in base64. */
  sign(text: string): Promise<string>
  /** SubjectPublicKeyInfo, DER in base64. */
  publicKey(): Promise<string>
}

type Settings = { key: string; call(call: SignedCall): Promise<object> }

/** ECDSA by a key of KMS on the curve P-256. Its public key is read once: it never changes. */
export function kmsSigner({ key, call }: Settings): Signer {
  const ask = async (action: string, more: object, member: string): Promise<string> => {
    const body = { KeyId: key, ...more }
    const answer = await callAws(() => call({ service: 'kms', target: `TrentService.${action}`, body }))
    return String((answer as Record<string, unknown>)[member])
  }
  let known: Promise<string> | undefined
  return {
    sign: (text) =>
      ask(
        'Sign',
        {
          Message: Buffer.from(text).toString('base64'),
          MessageType: 'RAW',
          SigningAlgorithm: SIGNING_ALGORITHM,
        },
        'Signature',
      ),
    publicKey() {
      known ??= ask('GetPublicKey', {}, 'PublicKey').catch((error: unknown) => {
        known = undefined
        throw error
      })
      return known
    },
  }
}
