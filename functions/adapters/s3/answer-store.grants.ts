import { grantsOf } from '../../../shared/contracts/grants.ts'
import { ANSWERS_PREFIX } from '../../../shared/contracts/table-layout.ts'

export const answerStoreGrants = grantsOf<{ keep(body: string): Promise<string> }>()({
  // The link is followed with the rights of the function that has signed it.
  methods: {
    keep: [{ actions: ['s3:GetObject', 's3:PutObject'], on: { kind: 'objects', prefix: ANSWERS_PREFIX } }],
  },
  modes: { keep: ['keep'] },
})
