import { grantsOf } from '../../../../shared/contracts/grants.ts'
import { REGISTRY_PARTITIONS } from '../../../../shared/contracts/table-layout.ts'
import type { Workflows } from '../../../../shared/ports/index.ts'
import { listedRecords, onRegistry } from '../table-actions.grants.ts'

const { workflow } = REGISTRY_PARTITIONS
const put = onRegistry.put(workflow)
const get = onRegistry.getOf(workflow)
const query = onRegistry.queryOf(workflow)

/** A large workflow's text is spread over several items, which are queried. */
export const workflowsGrants = grantsOf<Workflows>()({
  methods: {
    putWorkflow: [put],
    publishWorkflow: [put],
    findWorkflow: [get, query],
    listVersions: [query],
    listWorkflows: [listedRecords, query],
  },
  modes: {
    find: ['findWorkflow'],
    list: ['listWorkflows'],
    versions: ['listVersions'],
    register: ['putWorkflow', 'publishWorkflow'],
  },
})
