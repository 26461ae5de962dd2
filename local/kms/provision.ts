import type { Provisioners } from '../assembly/provision.ts'
import type { KmsService } from './service.ts'

/** Keys of a template. One that encrypts has a name only: what is on this machine is encrypted by its disk, or not at all. */
export const kmsProvisioners = (
  kms: KmsService,
  { account, region }: { account: string; region: string },
): Provisioners => ({
  'AWS::KMS::Key': async ({ stack, logicalId, properties }) => {
    const id = `${stack}-${logicalId}`.toLowerCase()
    if (properties.KeyUsage === 'SIGN_VERIFY') await kms.createKey(id)
    return { ref: id, attributes: { Arn: `arn:aws:kms:${region}:${account}:key/${id}`, KeyId: id } }
  },
})
