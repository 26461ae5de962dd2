import { textOf } from '../assembly/place.ts'
import type { Provisioners } from '../assembly/provision.ts'
import type { ObjectStore } from './object-store.ts'

export function s3Provisioners(objects: ObjectStore): Provisioners {
  return {
    'AWS::S3::Bucket': async ({ stack, logicalId, properties }) => {
      const name = textOf(properties, 'BucketName') ?? `${stack}-${logicalId}`.toLowerCase()
      await objects.createBucket(name)
      return { ref: name, attributes: { Arn: `arn:aws:s3:::${name}` } }
    },
  }
}
