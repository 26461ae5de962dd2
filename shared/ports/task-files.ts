import type { TaskFile } from '../domain/task-file.ts'

/** Records of the files that agents have written, with their task. A record is made when the file itself is stored. */
export type TaskFiles = {
  /** Counts one more file of the task; false when it has `most` already. What is counted stays so, also where no file comes of it. */
  countFile(taskId: string, most: number): Promise<boolean>
  addFile(file: TaskFile): Promise<void>
  /** The invocation that ends the step answers with a file of an earlier attempt: it is its file from now on. */
  takeFile(file: Pick<TaskFile, 'taskId' | 'id'>, owner: Pick<TaskFile, 'fence' | 'owner'>): Promise<void>
  findFile(taskId: string, id: string): Promise<TaskFile | undefined>
  /** In the order in which they were begun; `cursor` is the id of the last one of the page before. */
  listFiles(
    taskId: string,
    page: { limit: number; cursor?: string },
  ): Promise<{ files: TaskFile[]; cursor?: string }>
}
