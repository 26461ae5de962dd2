/**
 * What grows old on its own in AWS: items of tables by their TTL attribute, objects by the lifecycle rules of their bucket. AWS takes hours or days
 * for it; here it is looked at when the cloud starts, and every ten minutes.
 */
import type { DynamoDBService } from './dynamodb/service.ts'
import type { ObjectStore } from './s3/object-store.ts'

const EVERY_MILLISECONDS = 10 * 60_000
/** Does not compete with the start. */
const FIRST_MILLISECONDS = 20_000

type Aging = {
  dynamodb: Pick<DynamoDBService, 'expire'>
  objects: Pick<ObjectStore, 'expire'>
  now?: (() => number) | undefined
}

/** Removes what has expired by now. */
export async function removeExpired({ dynamodb, objects, now = Date.now }: Aging): Promise<void> {
  const at = now()
  await dynamodb.expire(at)
  await objects.expire(at)
}

/** Begins to remove what expires; the returned function ends that. */
export function startAgeing(aging: Aging): () => Promise<void> {
  let underWay: Promise<void> = Promise.resolve()
  const look = (): void => {
    // The next look does what a failed one has left; a storage that is broken tells that itself.
    underWay = underWay.then(() => removeExpired(aging)).catch(() => {})
  }
  const timers = [setTimeout(look, FIRST_MILLISECONDS).unref(), setInterval(look, EVERY_MILLISECONDS).unref()]
  return async () => {
    for (const timer of timers) clearInterval(timer)
    await underWay
  }
}
