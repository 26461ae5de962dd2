import { grantsOf } from '../../../../shared/contracts/grants.ts'
import { REGISTRY_PARTITIONS } from '../../../../shared/contracts/table-layout.ts'
import type { Agents } from '../../../../shared/ports/index.ts'
import { listedRecords, onRegistry } from '../table-actions.grants.ts'

export const agentsGrants = grantsOf<Agents>()({
  methods: {
    putAgent: [onRegistry.put(REGISTRY_PARTITIONS.agent)],
    findAgent: [onRegistry.getOf(REGISTRY_PARTITIONS.agent)],
    listAgents: [listedRecords],
  },
  modes: { find: ['findAgent'], list: ['listAgents'], register: ['putAgent'] },
})
