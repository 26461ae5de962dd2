import { type Grant, grantsOf } from '../../../shared/contracts/grants.ts'
import { FILES_PREFIX } from '../../../shared/domain/file-reference.ts'
import type { FileStore } from '../../../shared/ports/index.ts'

const on: Grant['on'] = { kind: 'objects', prefix: FILES_PREFIX }
/** HeadObject is allowed by the same action. */
const read: Grant = { actions: ['s3:GetObject'], on }

export const fileStoreGrants = grantsOf<FileStore>()({
  methods: {
    // A single file, or a folder.
    list: [read, { actions: ['s3:ListBucket'], on: { kind: 'listing', prefix: FILES_PREFIX } }],
    read: [read],
    // The one who uploads by the ticket does it with the rights of the function that has signed it.
    presignUpload: [{ actions: ['s3:PutObject'], on }],
  },
  modes: { list: ['list'], read: ['read'], upload: ['presignUpload'] },
})
