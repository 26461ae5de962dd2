import type { Deletions } from '../../shared/ports/index.ts'
import { dynamodbDeletions } from '../adapters/dynamodb/deletions/deletions.ts'
import { s3ErasedObjects } from '../adapters/s3/erased-objects.ts'
import { bucket, tasksTable } from './clients.ts'
import { once } from './once.ts'

export const deletions = (): Deletions =>
  once('deletions', () => dynamodbDeletions({ ...tasksTable(), objects: s3ErasedObjects(bucket()) }))
