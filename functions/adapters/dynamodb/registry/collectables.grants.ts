import { grantsOf } from '../../../../shared/contracts/grants.ts'
import { REGISTRY_PARTITIONS } from '../../../../shared/contracts/table-layout.ts'
import type { Collectables } from '../../../../shared/ports/index.ts'
import { listedRecords, onRegistry } from '../table-actions.grants.ts'

const { machine } = REGISTRY_PARTITIONS
const update = onRegistry.update(machine)

export const collectablesGrants = grantsOf<Collectables>()({
  methods: {
    useMachine: [update],
    listMachines: [listedRecords],
    claimMachine: [update],
    releaseMachine: [update],
    forgetMachine: [onRegistry.delete(machine)],
  },
  modes: {
    use: ['useMachine'],
    forget: ['forgetMachine'],
    list: ['listMachines'],
    collect: ['claimMachine', 'releaseMachine'],
  },
})
