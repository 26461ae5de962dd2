import { createHash } from 'node:crypto'
import type { TaskView } from '../../shared/contracts/views.ts'
import { callApi, callPages } from '../api-client.ts'
import { CliError } from '../cli-error.ts'
import { apartOf, type ExportFolder } from './folder.ts'

/** A part of an export writes a page from a cursor on, and answers the next one; undefined after the last. */
export type Part = { name: string; page(folder: ExportFolder, cursor?: string): Promise<string | undefined> }

const TASKS_OF_PAGE = 20
const AT_ONCE = 4
const SUCCEEDED = 'succeeded'

/** What an export has, in this order. Tasks are listed from the newest on: those that are submitted meanwhile are none of it. */
export const PARTS: readonly Part[] = [
  { name: 'tasks', page: pageOfTasks },
  {
    name: 'uploads',
    async page(folder, cursor) {
      const page = await callApi('listUploads', { ...(cursor === undefined ? {} : { cursor }) })
      const lines: unknown[] = []
      for (const { file, bytes, url } of page.files) {
        const path = await folder.keepFile(pathOf(file.$file), { url, bytes })
        lines.push({ file, bytes, path })
      }
      await folder.append('uploads', lines)
      return page.cursor
    },
  },
  {
    name: 'workflows',
    async page(folder) {
      const { workflows } = await callApi('listWorkflows', {})
      const own = workflows.filter(({ origin }) => origin === 'api')
      await folder.append(
        'workflows',
        await Promise.all(own.map(({ name }) => callApi('getWorkflow', { name }))),
      )
      return undefined
    },
  },
  {
    name: 'agents',
    async page(folder) {
      const { agents } = await callApi('listAgents', {})
      await folder.append(
        'agents',
        agents.filter(({ origin }) => origin === 'api'),
      )
      return undefined
    },
  },
  {
    name: 'keys',
    async page(folder) {
      await folder.append('keys', (await callApi('listKeys', {})).keys)
      return undefined
    },
  },
  {
    name: 'audit',
    async page(folder, cursor = '1') {
      const page = await callApi('listAudit', { order: 'oldest', from: Number(cursor), limit: 100 })
      await folder.append('audit', page.entries)
      return page.next === null ? undefined : String(page.next)
    },
  },
]

/** The lines of one task, by file. */
type Lines = Record<
  | 'tasks'
  | 'inputs'
  | 'results'
  | 'definitions'
  | 'steps'
  | 'events'
  | 'transcripts'
  | 'messages'
  | 'state'
  | 'files',
  unknown[]
>

async function pageOfTasks(folder: ExportFolder, cursor?: string): Promise<string | undefined> {
  const page = await callApi('listTasks', {
    children: true,
    limit: TASKS_OF_PAGE,
    ...(cursor === undefined ? {} : { cursor }),
  })
  for (let at = 0; at < page.tasks.length; at += AT_ONCE) {
    const some = page.tasks.slice(at, at + AT_ONCE)
    for (const lines of await Promise.all(some.map((task) => unlessGone(task, () => linesOf(folder, task)))))
      for (const [name, all] of Object.entries(lines ?? {})) await folder.append(name, all)
  }
  return page.cursor
}

async function linesOf(folder: ExportFolder, task: TaskView): Promise<Lines> {
  const id = task.taskId
  const lines: Lines = {
    tasks: [task],
    inputs: [],
    results: [],
    definitions: [],
    steps: [],
    events: [],
    transcripts: [],
    messages: [],
    state: [],
    files: [],
  }
  lines.inputs.push(await callApi('getTaskInput', { id }))
  lines.definitions.push(await callApi('getTaskWorkflow', { id }))
  if (task.status === SUCCEEDED) {
    const { result } = await callApi('getTaskResult', { id })
    lines.results.push({ taskId: id, result })
  }
  for await (const { steps } of callPages('listTaskSteps', { id, inputs: true, outputs: true, limit: 100 }))
    for (const step of steps) {
      lines.steps.push({ taskId: id, ...step })
      for await (const page of callPages('listTaskStepTranscript', { id, stepId: step.stepId }))
        lines.transcripts.push(...page.calls.map((call) => ({ taskId: id, stepId: step.stepId, ...call })))
    }
  for await (const { events } of callPages('listTaskEvents', { id })) lines.events.push(...events)
  for await (const { messages } of callPages('listMessages', { id })) lines.messages.push(...messages)
  lines.state.push(...(await versionsOf(id)))
  for await (const { files } of callPages('listTaskFiles', { id, all: true }))
    for (const { fileId } of files) {
      const { url, expiresAt: _until, ...file } = await callApi('getTaskFile', { id, fileId })
      const path = await folder.keepFile(pathOf(file.file.$file), { url, bytes: file.bytes })
      lines.files.push({ taskId: id, ...file, path })
    }
  return lines
}

/** Every version of every key of its shared state, the newest first. */
async function versionsOf(id: string): Promise<object[]> {
  const { keys } = await callApi('getTaskState', { id })
  const found: object[] = []
  for (const { key, version } of keys) {
    let before = version + 1
    while (before > 1) {
      const page = await callApi('listTaskStateHistory', { id, key, before, limit: 100 })
      found.push(...page.versions.map((one) => ({ taskId: id, ...one })))
      before = page.before ?? 1
    }
  }
  return found
}

/** A task may be deleted while it is exported. Where something of it is not found, and it is, the error stays: an export leaves nothing out in silence. */
async function unlessGone<T>({ taskId: id }: TaskView, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work()
  } catch (error) {
    if (isNotFound(error) && (await callApi('getTaskStatus', { id }).then(() => false, isNotFound)))
      return undefined
    throw error
  }
}

const isNotFound = (error: unknown): boolean => error instanceof CliError && error.problem?.status === 404
/** Shorter than the longest path on common systems, with the folder of the export. */
const MOST_PATH_BYTES = 600
/** The longest name on common file systems has 255 bytes; a digest is added to it. */
const MOST_PART_BYTES = 200
/** Devices of Windows, whatever follows the dot. */
const DEVICE = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i

/**
 * Where a file stands in the export, by its key. What a file system may take for something else, or for another (capital letters), has a digest in its name, and
 * what is too long for one stands apart: no name leads out of the folder, and no two are one.
 */
export function pathOf(key: string): string {
  const path = key.split('/').map(partOf).join('/')
  return Buffer.byteLength(path) <= MOST_PATH_BYTES ? path : apartOf(path)
}

function partOf(part: string): string {
  const isOrdinary =
    /^[\p{L}\p{N}@_ ()+-][\p{L}\p{N}@_ .()+-]{0,79}$/u.test(part) &&
    !/[. ]$|\.part$/.test(part) &&
    !DEVICE.test(part) &&
    Buffer.byteLength(part) <= MOST_PART_BYTES &&
    part === part.normalize('NFC')
  if (isOrdinary && part === part.toLowerCase() && part === part.toUpperCase().toLowerCase()) return part
  const digest = createHash('sha256').update(part).digest('hex')
  return isOrdinary ? `${part}~${digest.slice(0, 12)}` : `~${digest}`
}
