import { grantsOf } from '../../../shared/contracts/grants.ts'
import { ANSWERS_PREFIX } from '../../../shared/contracts/table-layout.ts'

export const answerStoreGrants = grantsOf<{ keep(body: string): Promise<string> }>()({
  // A presigned URL has the rights of the function that signed it, so the function needs GetObject too.
  methods: {
    keep: [{ actions: ['s3:GetObject', 's3:PutObject'], on: { kind: 'objects', prefix: ANSWERS_PREFIX } }],
  },
  modes: { keep: ['keep'] },
})
