import type * as z from 'zod'
import type { CreateFilesSchema } from '../../contracts/requests.ts'
import type { Caller } from '../../domain/caller.ts'
import { uploadsPrefix } from '../../domain/file-reference.ts'
import type { Ports } from '../../ports/index.ts'

const MAX_FILE_BYTES = 50 * 1024 * 1024
const EXPIRES_SECONDS = 900

/** Presigned uploads for files under one folder of the caller's tenant, and the references that task inputs may name. */
export const createFiles =
  ({ files, ids, clock }: Pick<Ports, 'files' | 'ids' | 'clock'>) =>
  async (request: z.output<typeof CreateFilesSchema>, { tenant }: Caller) => {
    const folder = `${uploadsPrefix(tenant)}${request.folder ?? ids.makeId('f')}/`
    const limits = { maxBytes: MAX_FILE_BYTES, expiresSeconds: EXPIRES_SECONDS }
    const uploads = await Promise.all(
      request.files.map(async ({ path }) => {
        const key = `${folder}${path}`
        return { path, file: { $file: key }, upload: await files.presignUpload(key, limits) }
      }),
    )
    const expiresAt = new Date(clock.now().getTime() + EXPIRES_SECONDS * 1_000).toISOString()
    return { folder: { $file: folder }, files: uploads, maxBytes: MAX_FILE_BYTES, expiresAt }
  }
