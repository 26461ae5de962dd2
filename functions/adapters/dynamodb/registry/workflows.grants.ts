import { grantsOf } from '../../../../shared/contracts/grants.ts'
import { REGISTRY_PARTITIONS } from '../../../../shared/contracts/table-layout.ts'
import type { Workflows } from '../../../../shared/ports/index.ts'
import { listedRecords, onRegistry } from '../table-actions.grants.ts'

const put = onRegistry.put(REGISTRY_PARTITIONS.workflow)

/** The text of a large workflow is spread over items that are queried. */
export const workflowsGrants = grantsOf<Workflows>()({
  methods: {
    putWorkflow: [put],
    publishWorkflow: [put],
    findWorkflow: [onRegistry.get, onRegistry.query],
    listVersions: [onRegistry.query],
    listWorkflows: [listedRecords, onRegistry.query],
  },
  modes: {
    find: ['findWorkflow'],
    list: ['listWorkflows'],
    versions: ['listVersions'],
    register: ['putWorkflow', 'publishWorkflow'],
  },
})
