import type { AwsResponse } from '../../aws/requests.ts'
import type { ObjectStore } from '../object-store.ts'

/** The keys of a request that deletes several objects: `<Object><Key>..</Key><VersionId>..</VersionId></Object>`. */
export const keysToDelete = (xml: string): string[] =>
  [...xml.matchAll(/<Object>[\s\S]*?<Key>([^<]*)<\/Key>[\s\S]*?<\/Object>/g)].map(([, key = '']) =>
    unescapeXml(key),
  )

/** DeleteObjects. There is one version of each object, so its deletion is for good, as that of all versions is. */
export async function deleteObjects(store: ObjectStore, bucket: string, xml: string): Promise<AwsResponse> {
  for (const key of keysToDelete(xml)) await store.remove(bucket, key)
  const body = '<?xml version="1.0" encoding="UTF-8"?><DeleteResult></DeleteResult>'
  return { status: 200, headers: { 'content-type': 'application/xml' }, body }
}

const NAMED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

function unescapeXml(text: string): string {
  return text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (whole, hex, decimal, name: string) => {
    if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16))
    return decimal === undefined ? (NAMED[name] ?? whole) : String.fromCodePoint(Number(decimal))
  })
}
