import { type Grant, grantsOf } from '../../../shared/contracts/grants.ts'
import { VALUES_PREFIX } from '../../../shared/contracts/table-layout.ts'
import type { BlobStore } from '../../../shared/ports/index.ts'

const on: Grant['on'] = { kind: 'objects', prefix: VALUES_PREFIX }

export const blobStoreGrants = grantsOf<BlobStore>()({
  methods: {
    put: [{ actions: ['s3:PutObject'], on }],
    get: [{ actions: ['s3:GetObject'], on }],
  },
  modes: {},
})
