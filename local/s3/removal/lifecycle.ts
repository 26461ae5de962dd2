import * as z from 'zod'
import { AwsError } from '../../aws/errors.ts'
import type { AwsRequest, AwsResponse } from '../../aws/requests.ts'

/** Tags as in the header `x-amz-tagging`: `task=ended&more=..`. */
export type Tags = Readonly<Record<string, string>>

/** What the tags of an object need of the store. */
type Tagged = {
  find(bucket: string, key: string): Promise<unknown>
  setTags(bucket: string, key: string, tags: Tags): void
}

export const tagsInHeader = (text = ''): Tags => Object.fromEntries(new URLSearchParams(text))

/** `<Tag><Key>task</Key><Value>ended</Value></Tag>` */
const tagsInXml = (xml: string): Tags =>
  Object.fromEntries(
    [...xml.matchAll(/<Tag>\s*<Key>([^<]*)<\/Key>\s*<Value>([^<]*)<\/Value>\s*<\/Tag>/g)].map(
      ([, key = '', value = '']) => [key, value],
    ),
  )

/** PutObjectTagging and DeleteObjectTagging: by its tags a lifecycle rule picks an object. */
export async function answerTagging(
  store: Tagged,
  { bucket, key }: { bucket: string; key: string },
  { method }: AwsRequest,
  xml: string,
): Promise<AwsResponse> {
  if (!(await store.find(bucket, key)))
    throw new AwsError('NoSuchKey', `The specified key does not exist: ${key}`, 404)
  store.setTags(bucket, key, method === 'DELETE' ? {} : tagsInXml(xml))
  return { status: method === 'DELETE' ? 204 : 200, headers: {}, body: '' }
}

/** A rule by which objects expire, so many days after they were stored. */
export type LifecycleRule = { prefix: string; tags: Tags; days: number }

const DAY = 86_400_000

const ConfigurationSchema = z.object({
  Rules: z.array(
    z.looseObject({
      Status: z.string(),
      Prefix: z.string().default(''),
      ExpirationInDays: z.number().optional(),
      TagFilters: z.array(z.object({ Key: z.string(), Value: z.string() })).default([]),
    }),
  ),
})

/** The expiring rules of a bucket's lifecycle configuration in a template; there is no rule of versions where there is one version of each. */
export function rulesOfLifecycle(configuration: unknown): LifecycleRule[] {
  if (configuration === undefined) return []
  return ConfigurationSchema.parse(configuration).Rules.flatMap(
    ({ Status, Prefix, ExpirationInDays: days, TagFilters }) =>
      Status !== 'Enabled' || days === undefined
        ? []
        : [
            {
              prefix: Prefix,
              days,
              tags: Object.fromEntries(TagFilters.map(({ Key, Value }) => [Key, Value])),
            },
          ],
  )
}

/** Whether an object has expired by a rule: S3 counts whole days, and rounds up to the next midnight (UTC). */
function hasExpired(
  { days, tags }: LifecycleRule,
  object: { modifiedAt: number; tags: Tags },
  now: number,
): boolean {
  const due = Math.ceil((object.modifiedAt + days * DAY) / DAY) * DAY
  return now >= due && Object.entries(tags).every(([name, value]) => object.tags[name] === value)
}

const PAGE = 1_000

type Ageing = {
  page(
    bucket: string,
    range: { prefix: Buffer; from: Buffer; limit: number },
  ): readonly { key: string; modifiedAt: number }[]
  tagsOf(bucket: string, key: string): Tags
  remove(bucket: string, key: string): Promise<void>
}

/** Removes the objects of a bucket that have expired by now, by any of its rules. */
export async function expireObjects(
  store: Ageing,
  bucket: string,
  rules: readonly LifecycleRule[],
  now: number,
): Promise<void> {
  for (const rule of rules) {
    const prefix = Buffer.from(rule.prefix)
    for (let from: Buffer | undefined = prefix; from; ) {
      const page = store.page(bucket, { prefix, from, limit: PAGE })
      for (const { key, modifiedAt } of page)
        if (hasExpired(rule, { modifiedAt, tags: store.tagsOf(bucket, key) }, now))
          await store.remove(bucket, key)
      const last = page.length === PAGE ? page.at(-1) : undefined
      from = last && Buffer.from(`${last.key}\0`)
    }
  }
}
