import { AwsError } from '../aws/errors.ts'
import type { Entry } from './object-index.ts'

const DAY = 86_400_000

/**
 * Buckets with Object Lock: how long what is put into each cannot be deleted, by the bucket's default. The local S3 keeps one version of an object, so it
 * refuses what would put another version, or a mark of deletion, over it; on AWS both succeed, and the locked version stays below them.
 */
export class ObjectLocks {
  /** Days by bucket. */
  readonly #locks = new Map<string, number>()

  set(bucket: string, days: number | undefined): void {
    if (days === undefined) this.#locks.delete(bucket)
    else this.#locks.set(bucket, days)
  }

  has(bucket: string): boolean {
    return this.#locks.has(bucket)
  }

  /** Throws AccessDenied for an object that is locked; `there` is the object, if there is one. */
  refuse(bucket: string, there: Entry | undefined): void {
    const days = this.#locks.get(bucket)
    if (days === undefined || there === undefined) return
    const until = there.modifiedAt + days * DAY
    if (Date.now() >= until) return
    const message = `Access Denied because object protected by object lock: ${there.key} until ${new Date(until).toISOString()}`
    throw new AwsError('AccessDenied', message, 403)
  }
}
