import type * as z from 'zod'
import type { TaskFileLink, TaskFileView } from '../../contracts/file-views.ts'
import type { FileRefSchema, ListFilesSchema } from '../../contracts/list-requests.ts'
import type { Caller } from '../../domain/caller.ts'
import { OrchestratorError } from '../../domain/errors.ts'
import type { StepRecord } from '../../domain/step.ts'
import { contentDisposition, referenceOf, type TaskFile } from '../../domain/task-file.ts'
import { withoutUndefined } from '../../domain/without-undefined.ts'
import type { Ports } from '../../ports/index.ts'
import { withGivenAgent } from '../tenants/given-names.ts'
import { getTask } from '../views/get-task.ts'

type Needs = Pick<Ports, 'tasks' | 'steps' | 'taskFiles'>

const EXPIRES_SECONDS = 900
/** Reads for one page, which a filter may leave with fewer files than its limit. */
const MOST_READS = 10

/** A page of the files of a task. Those of attempts that have failed are left out, unless `all` of them are asked for. */
export const listTaskFiles =
  (ports: Needs) =>
  async (
    { id, step, name, all, limit, cursor }: z.output<typeof ListFilesSchema>,
    caller: Caller,
  ): Promise<{ files: TaskFileView[]; cursor?: string }> => {
    await getTask(ports, id, caller)
    const files: TaskFileView[] = []
    let next = cursor
    for (let reads = 0; reads < MOST_READS; reads++) {
      const page = await ports.taskFiles.listFiles(
        id,
        withoutUndefined({ limit: limit - files.length, cursor: next }),
      )
      const fitting = page.files.filter(
        (file) => (step === undefined || file.path === step) && (name === undefined || file.name === name),
      )
      const shown = await viewsOf(ports, id, fitting)
      files.push(...shown.filter(({ status }) => all || status !== 'discarded'))
      next = page.cursor
      if (next === undefined || files.length >= limit) break
    }
    return withoutUndefined({ files, cursor: next })
  }

/** One file with a link to it. Throws NotFoundError, also for a task of another tenant. */
export const getTaskFile =
  (ports: Needs & Pick<Ports, 'files' | 'clock'>) =>
  async ({ id, fileId }: z.output<typeof FileRefSchema>, caller: Caller): Promise<TaskFileLink> => {
    await getTask(ports, id, caller)
    const file = await ports.taskFiles.findFile(id, fileId)
    const [view] = file ? await viewsOf(ports, id, [file]) : []
    if (!file || !view) {
      const message = `task ${id} has no file ${fileId}; GET /tasks/${id}/files lists those that it has`
      throw new OrchestratorError('NotFoundError', message, { fileId })
    }
    const url = await ports.files.presignDownload(view.file.$file, {
      contentType: file.contentType,
      contentDisposition: contentDisposition(file.name),
      expiresSeconds: EXPIRES_SECONDS,
    })
    const expiresAt = new Date(ports.clock.now().getTime() + EXPIRES_SECONDS * 1_000).toISOString()
    return { ...view, url, expiresAt }
  }

async function viewsOf(
  { steps }: Pick<Needs, 'steps'>,
  taskId: string,
  files: readonly TaskFile[],
): Promise<TaskFileView[]> {
  const paths = [...new Set(files.map(({ path }) => path))]
  const records = paths.length > 0 ? await steps.findSteps(taskId, paths) : []
  const byPath = new Map(records.map((record) => [record.path, record]))
  return files.map((file) => viewOf(file, byPath.get(file.path)))
}

function viewOf(file: TaskFile, step: StepRecord | undefined): TaskFileView {
  const { id, name, bytes, contentType, path, attempt, agentId, createdAt } = file
  const status = statusOf(file, step)
  const shown = { fileId: id, name, bytes, contentType, stepId: path, attempt, agentId, createdAt, status }
  return { ...withGivenAgent(shown), file: referenceOf(file) }
}

/** By the invocation that has written it: it owns the step while it runs, and has ended it when its file counts (files/F5). */
function statusOf({ fence, owner }: TaskFile, step: StepRecord | undefined): TaskFileView['status'] {
  if (step?.fence !== fence || step.owner !== owner) return 'discarded'
  if (step.status === 'running') return 'pending'
  return step.status === 'succeeded' && step.reused === undefined ? 'kept' : 'discarded'
}
