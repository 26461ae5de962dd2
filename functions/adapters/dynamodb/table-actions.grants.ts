import type { Grant, Resource } from '../../../shared/contracts/grants.ts'
import { REGISTRY_INDEXES, TASK_INDEXES } from '../../../shared/contracts/table-layout.ts'

/**
 * Grants on a table. Reads are allowed for all items; writes only for items whose partition key begins with one of
 * `keys` (`dynamodb:LeadingKeys`), so that a function can change only the kinds of records that it owns.
 */
const actionsOn = (table: 'tasks' | 'registry') => {
  const grant = (action: string, on: Pick<Resource & { kind: 'table' }, 'index' | 'keys'> = {}): Grant => ({
    actions: [`dynamodb:${action}`],
    on: { kind: 'table', table, ...on },
  })
  return {
    get: grant('GetItem'),
    /** For a function that may read one kind of records only. */
    getOf: (...keys: string[]) => grant('GetItem', { keys }),
    getAll: grant('BatchGetItem'),
    query: grant('Query'),
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
