import { type Grant, grantsOf } from '../../../shared/contracts/grants.ts'
import { FILES_PREFIX, TASK_FILES_PREFIX } from '../../../shared/domain/file-reference.ts'
import type { FileStore } from '../../../shared/ports/index.ts'

/** Uploads, and files of agents. */
const prefixes = [FILES_PREFIX, TASK_FILES_PREFIX]
/** HeadObject is allowed by the same action. */
const read: readonly Grant[] = prefixes.map((prefix) => ({
  actions: ['s3:GetObject'],
  on: { kind: 'objects', prefix },
}))
const listing: readonly Grant[] = prefixes.map((prefix) => ({
  actions: ['s3:ListBucket'],
  on: { kind: 'listing', prefix },
}))

export const fileStoreGrants = grantsOf<FileStore>()({
  methods: {
    // A single file, or a folder.
    list: [...read, ...listing],
    page: listing,
    read,
    open: read,
    // All requests of an upload in parts are allowed by PutObject, but the one that aborts it.
    write: [
      {
        actions: ['s3:PutObject', 's3:AbortMultipartUpload'],
        on: { kind: 'objects', prefix: TASK_FILES_PREFIX },
      },
    ],
    // The one who uploads by the ticket, or follows the link, does it with the rights of the function that has signed it.
    presignUpload: [{ actions: ['s3:PutObject'], on: { kind: 'objects', prefix: FILES_PREFIX } }],
    presignDownload: read,
  },
  modes: {
    list: ['list'],
    uploads: ['page'],
    read: ['read', 'open'],
    write: ['write'],
    upload: ['presignUpload'],
    download: ['presignDownload'],
  },
})
