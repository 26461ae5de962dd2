import { grantsOf } from '../../../shared/contracts/grants.ts'
import type { Values } from '../../../shared/ports/index.ts'
import { blobStoreGrants } from './blob-store.grants.ts'

const { put, get } = blobStoreGrants.methods

/** Small values are stored inline in the items that refer to them, larger ones as blobs. */
export const valuesGrants = grantsOf<Values>()({
  methods: { storeValue: put, loadValue: get },
  modes: { read: ['loadValue'], write: ['storeValue'] },
})
