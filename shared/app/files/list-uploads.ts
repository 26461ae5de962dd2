import type * as z from 'zod'
import type { ListUploadsSchema } from '../../contracts/list-requests.ts'
import { type Caller, DEFAULT_TENANT } from '../../domain/caller.ts'
import { OrchestratorError } from '../../domain/errors.ts'
import { FILES_PREFIX, uploadsPrefix } from '../../domain/file-reference.ts'
import { baseName, contentDisposition, DEFAULT_TYPES } from '../../domain/task-file.ts'
import type { Ports, StoredFile } from '../../ports/index.ts'

const EXPIRES_SECONDS = 900
/** Begins the uploads of other tenants among those of `default`. */
const OF_OTHERS = `${FILES_PREFIX}@`
/** Sorts after all of them, and before every folder that begins with a letter. */
const AFTER_OTHERS = `${FILES_PREFIX}A`

/** A page of what the caller's tenant has uploaded. Throws InvalidInputError for a cursor of something else. */
export const listUploads =
  ({ files, clock }: Pick<Ports, 'files' | 'clock'>) =>
  async ({ limit, cursor }: z.output<typeof ListUploadsSchema>, { tenant }: Caller) => {
    const prefix = uploadsPrefix(tenant)
    if (cursor !== undefined && !isOwn(cursor, prefix, tenant)) {
      const message = `cursor: "${cursor}" is none of an answer of this list`
      throw new OrchestratorError('InvalidInputError', message)
    }
    const found = await pageOf(files, { prefix, tenant, limit: limit + 1, after: cursor })
    const shown = await Promise.all(
      found.slice(0, limit).map(async ({ key, bytes }) => ({
        file: { $file: key },
        bytes,
        url: await files.presignDownload(key, {
          contentType: DEFAULT_TYPES.bytes,
          contentDisposition: contentDisposition(baseName(key)),
          expiresSeconds: EXPIRES_SECONDS,
        }),
      })),
    )
    const expiresAt = new Date(clock.now().getTime() + EXPIRES_SECONDS * 1_000).toISOString()
    const last = shown.at(-1)
    return { files: shown, expiresAt, ...(found.length > limit && last ? { cursor: last.file.$file } : {}) }
  }

const isOwn = (key: string, prefix: string, tenant: string): boolean =>
  key.startsWith(prefix) && !(tenant === DEFAULT_TENANT && key.startsWith(OF_OTHERS))

type Wanted = { prefix: string; tenant: string; limit: number; after: string | undefined }

/** Those of `default` stand on both sides of those of other tenants, which are passed over. */
async function pageOf(files: Ports['files'], wanted: Wanted): Promise<StoredFile[]> {
  const { prefix, tenant, limit } = wanted
  const page = await files.page(prefix, { after: wanted.after, limit })
  const own = page.filter(({ key }) => isOwn(key, prefix, tenant))
  if (own.length === page.length) return own
  const rest = await files.page(prefix, { after: AFTER_OTHERS, limit })
  // What follows them was in the page already.
  const before = own.filter(({ key }) => key < OF_OTHERS)
  return [...before, ...rest].slice(0, limit)
}
