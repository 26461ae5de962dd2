import { grantsOf } from '../../../../shared/contracts/grants.ts'
import { REGISTRY_PARTITIONS } from '../../../../shared/contracts/table-layout.ts'
import type { Keys } from '../../../../shared/ports/keys.ts'
import { onRegistry } from '../table-actions.grants.ts'

const { apiKey, keysOf } = REGISTRY_PARTITIONS

export const keysGrants = grantsOf<Keys>()({
  methods: {
    addKey: [
      onRegistry.getOf(keysOf),
      onRegistry.getAllOf(apiKey),
      onRegistry.put(apiKey),
      onRegistry.update(keysOf),
      onRegistry.delete(apiKey),
    ],
    findKey: [onRegistry.getOf(apiKey)],
    listKeys: [onRegistry.getOf(keysOf), onRegistry.getAllOf(apiKey)],
    replaceKey: [onRegistry.update(apiKey)],
    removeKey: [onRegistry.delete(apiKey), onRegistry.getOf(keysOf), onRegistry.update(keysOf)],
    noteUse: [onRegistry.update(apiKey)],
  },
  modes: {
    remove: ['listKeys', 'removeKey'],
    verify: ['findKey', 'noteUse'],
    manage: ['addKey', 'findKey', 'listKeys', 'replaceKey', 'removeKey'],
  },
})
