import type { Deletions, Tenants } from '../../../shared/ports/index.ts'
import { dynamodbDeletions } from '../../adapters/dynamodb/deletions/deletions.ts'
import { dynamodbTenants } from '../../adapters/dynamodb/tenants/tenants.ts'
import { s3ErasedObjects } from '../../adapters/s3/removal/erased-objects.ts'
import { bucket, registryTable, tasksTable } from '../clients.ts'
import { environment } from '../environment.ts'
import { once } from '../once.ts'
import { clock, ids } from '../platform.ts'

export const deletions = (): Deletions =>
  once('deletions', () => dynamodbDeletions({ ...tasksTable(), objects: s3ErasedObjects(bucket()) }))

export const tenants = (): Tenants =>
  once('tenants', () =>
    dynamodbTenants({
      ...registryTable(),
      tasks: environment().TASKS_TABLE,
      objects: s3ErasedObjects(bucket()),
      digest: ids().digest,
      clock,
    }),
  )
