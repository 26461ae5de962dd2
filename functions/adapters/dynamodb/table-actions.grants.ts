import type { Grant, Resource } from '../../../shared/contracts/grants.ts'
import { REGISTRY_INDEXES, TASK_INDEXES } from '../../../shared/contracts/table-layout.ts'

/**
 * Grants on a table: only for items whose partition key begins with one of `keys` (`dynamodb:LeadingKeys`), so that a function reads and
 * changes only the kinds of records that it works with. No agent's function reads a key, an audit entry or a record of the registry.
 */
const actionsOn = (table: 'tasks' | 'registry') => {
  const grant = (action: string, on: Pick<Resource & { kind: 'table' }, 'index' | 'keys'> = {}): Grant => ({
    actions: [`dynamodb:${action}`],
    on: { kind: 'table', table, ...on },
  })
  return {
    getOf: (...keys: string[]) => grant('GetItem', { keys }),
    getAllOf: (...keys: string[]) => grant('BatchGetItem', { keys }),
    queryOf: (...keys: string[]) => grant('Query', { keys }),
    /** A scan names no items. */
    scan: grant('Scan'),
    queryIndex: (index: string) => grant('Query', { index }),
    put: (...keys: string[]) => grant('PutItem', { keys }),
    update: (...keys: string[]) => grant('UpdateItem', { keys }),
    delete: (...keys: string[]) => grant('DeleteItem', { keys }),
  }
}

export const onTasks = actionsOn('tasks')
export const onRegistry = actionsOn('registry')

export const openTasks = onTasks.queryIndex(TASK_INDEXES.open.name)
export const tasksByStatus = onTasks.queryIndex(TASK_INDEXES.byStatus.name)
/** The query that `listKind` sends. */
export const listedRecords = onRegistry.queryIndex(REGISTRY_INDEXES.byKind.name)
