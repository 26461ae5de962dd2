import { textOf } from '../assembly/place.ts'
import type { Provisioners } from '../assembly/provision.ts'
import type { CorsRule } from './cross-origin.ts'
import type { ObjectStore } from './object-store.ts'
import { rulesOfLifecycle } from './removal/lifecycle.ts'

export function s3Provisioners(objects: ObjectStore): Provisioners {
  return {
    'AWS::S3::Bucket': async ({ stack, logicalId, properties }) => {
      const name = textOf(properties, 'BucketName') ?? `${stack}-${logicalId}`.toLowerCase()
      await objects.createBucket(name)
      objects.locks.set(name, daysLocked(properties))
      objects.setCors(name, rulesIn(properties.CorsConfiguration))
      objects.setLifecycle(name, rulesOfLifecycle(properties.LifecycleConfiguration))
      return { ref: name, attributes: { Arn: `arn:aws:s3:::${name}` } }
    },
  }
}

/** The default retention of a bucket with Object Lock, in days; undefined for one without. */
function daysLocked({
  ObjectLockEnabled,
  ObjectLockConfiguration,
}: Record<string, unknown>): number | undefined {
  if (ObjectLockEnabled !== true) return undefined
  const { Rule } = (ObjectLockConfiguration ?? {}) as {
    Rule?: { DefaultRetention?: { Days?: number; Years?: number } }
  }
  const { Days = 0, Years = 0 } = Rule?.DefaultRetention ?? {}
  return Number(Days) + 365 * Number(Years)
}

type Rule = Partial<{
  AllowedOrigins: string[]
  AllowedMethods: string[]
  AllowedHeaders: string[]
  ExposedHeaders: string[]
  MaxAge: number
}>

function rulesIn(configuration: unknown): CorsRule[] {
  const { CorsRules = [] } = (configuration ?? {}) as { CorsRules?: Rule[] }
  return CorsRules.map(({ AllowedOrigins, AllowedMethods, AllowedHeaders, ExposedHeaders, MaxAge }) => ({
    origins: AllowedOrigins ?? [],
    methods: AllowedMethods ?? [],
    headers: AllowedHeaders ?? [],
    exposed: ExposedHeaders ?? [],
    maxAgeSeconds: Number(MaxAge ?? 0),
  }))
}
