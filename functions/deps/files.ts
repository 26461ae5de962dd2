import type { FileStore, TaskFiles } from '../../shared/ports/index.ts'
import { dynamodbTaskFiles } from '../adapters/dynamodb/files/task-files.ts'
import { type AnswerStore, s3AnswerStore } from '../adapters/s3/answer-store.ts'
import { s3FileStore } from '../adapters/s3/file-store.ts'
import { bucket, tasksTable } from './clients.ts'
import { once } from './once.ts'
import { ids } from './platform.ts'

export const files = (): FileStore => once('files', () => s3FileStore(bucket()))

export const taskFiles = (): TaskFiles => once('taskFiles', () => dynamodbTaskFiles(tasksTable()))

export const answers = (): AnswerStore =>
  once('answers', () => s3AnswerStore({ ...bucket(), digest: ids().digest }))
