import * as z from 'zod'
import { FileReferenceSchema } from '../domain/file-reference.ts'
import { TaskFileSchema } from '../domain/task-file.ts'

const { id, name, bytes, contentType, path, attempt, agentId, createdAt } = TaskFileSchema.shape

export const FILE_STATUSES = ['kept', 'pending', 'discarded'] as const

/** A file that an agent has written. */
export const TaskFileViewSchema = z.object({
  fileId: id,
  name,
  bytes,
  contentType,
  stepId: path,
  attempt,
  agentId,
  createdAt,
  status: z
    .enum(FILE_STATUSES)
    .describe(
      'kept: of the attempt that has succeeded; pending: of one that runs; discarded: of one that has failed',
    ),
  file: FileReferenceSchema.describe('What may stand in the input of a task'),
})
export type TaskFileView = z.infer<typeof TaskFileViewSchema>

export const TaskFileLinkSchema = TaskFileViewSchema.extend({
  url: z.string().describe('Downloads the file, without any other right, until it expires'),
  expiresAt: z.string(),
})
export type TaskFileLink = z.infer<typeof TaskFileLinkSchema>

/** A file that was uploaded. */
export const UploadViewSchema = z.object({
  file: FileReferenceSchema,
  bytes,
  url: z.string().describe('Downloads the file, without any other right, until it expires'),
})
