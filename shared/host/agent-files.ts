/**
 * Files as an agent knows them.
 *
 * Invariants (tests cite them):
 * files/F1 an agent reads uploads and files of tasks of its task's tenant; any other is as if it were not there
 * files/F2 a file is stored before its record is written, and its record before its reference is known
 * files/F3 a name is written once in an attempt; a file never changes under its reference
 * files/F4 an output names files of its own task, and those that the step's input has; no others
 * files/F5 the files of a task are those of the attempts that have ended its steps, and those that an output took from an earlier attempt
 */
import { FinalError } from '../agent/agent-errors.ts'
import type { AgentFiles, FileData } from '../agent/agent-files.ts'
import { isOrchestratorError, OrchestratorError } from '../domain/errors.ts'
import { type FileReference, FileReferenceSchema, MAX_FILES, mayRead } from '../domain/file-reference.ts'
import { describeIssues } from '../domain/issue.ts'
import { issuesOfZod } from '../domain/issues-of-zod.ts'
import { shown } from '../domain/shown.ts'
import { attemptNumber } from '../domain/step.ts'
import {
  baseName,
  ContentTypeSchema,
  DEFAULT_FILE_LIMITS,
  FileNameSchema,
  referenceOf,
  typeOfName,
} from '../domain/task-file.ts'
import { chunksOf } from './chunks-of.ts'
import type { HostPorts } from './host-ports.ts'
import { requireNoSecret, withoutSecretsIn } from './masked-ports.ts'
import type { Limits, StepRun } from './step-run.ts'

const MAX_TEXT_BYTES = 20 * 1024 * 1024

type Needs = Pick<HostPorts, 'files' | 'taskFiles' | 'fileLimits' | 'clock' | 'ids' | 'mask'>

export function agentFiles(ports: Needs, run: StepRun, { signal }: Pick<Limits, 'signal'>): AgentFiles {
  const { files } = ports
  const { tenant } = run.plan
  return {
    list: async (given) => {
      const reference = readable(given.$file, tenant)
      const found = await files.list(reference.$file, MAX_FILES + 1)
      if (found.length > MAX_FILES) {
        const message = `${reference.$file} holds more than ${MAX_FILES} files`
        throw new OrchestratorError('InvalidInputError', message)
      }
      if (found.length > 0) return found
      const message = `there is no file at ${reference.$file}; upload it first (POST /files)`
      throw new OrchestratorError('InvalidInputError', message)
    },
    readText: async (file) => {
      const { $file } = readable(keyOf(file), tenant)
      return decode($file, await files.read($file, MAX_TEXT_BYTES))
    },
    read: async (file) => {
      const { $file } = readable(keyOf(file), tenant)
      const { key, bytes, contentType, body } = await files.open($file)
      return { key, name: baseName(key), bytes, contentType, body }
    },
    write: writeFile(ports, run, signal),
  }
}

/** As `AgentFiles.write` says. */
function writeFile(ports: Needs, { own, plan, record, agentId }: StepRun, signal: AbortSignal) {
  const { files, taskFiles, fileLimits = DEFAULT_FILE_LIMITS, clock, ids, mask } = ports
  const names = new Set<string>()
  return async (
    name: string,
    data: FileData,
    { contentType }: { contentType?: string | undefined } = {},
  ): Promise<FileReference> => {
    requireRight(FileNameSchema, name, 'the name of a file')
    const type = contentType ?? typeOfName(name, typeof data === 'string')
    requireRight(ContentTypeSchema, type, `the content type of the file "${name}"`)
    requireNoSecret(mask, [name, type], 'the name or the content type of the file')
    signal.throwIfAborted()
    if (names.has(name)) {
      const message = `this attempt has written the file "${name}" already; a file does not change once it is written: choose another name`
      throw new FinalError(message)
    }
    // Before anything is awaited: of two that are written at once, one is refused (files/F3).
    names.add(name)
    try {
      if (!(await taskFiles.countFile(own.taskId, fileLimits.maxFiles))) {
        const message = `the task has written ${fileLimits.maxFiles} files, in all attempts of all steps, which is the most here: "${name}" is one too many`
        throw new FinalError(message)
      }
      const createdAt = clock.now().toISOString()
      const file = { id: ids.makeId('f'), taskId: own.taskId, tenant: plan.tenant, name }
      const { $file } = referenceOf(file)
      const { maxBytes } = fileLimits
      const options = { contentType: type, maxBytes, signal }
      const { bytes } = await files
        .write($file, withoutSecretsIn(mask, chunksOf(data, name), name), options)
        .catch(asRefusal(name, maxBytes))
      // files/F2
      await taskFiles.addFile({
        ...file,
        bytes,
        contentType: type,
        path: own.path,
        attempt: attemptNumber(record.attempts),
        agentId,
        createdAt,
        fence: own.fence,
        owner: own.owner,
      })
      return { $file }
    } catch (error) {
      names.delete(name)
      throw error
    }
  }
}

/** Trying again makes no file smaller. */
const asRefusal =
  (name: string, maxBytes: number) =>
  (error: unknown): never => {
    if (!isOrchestratorError(error, 'ContentTooLargeError')) throw error
    const message = `the file "${name}" has more than ${maxBytes} bytes, which is the most that a file may have here; nothing of it is kept`
    throw new FinalError(message, { cause: error })
  }

/** Throws FinalError that says what is wrong with which value. */
function requireRight(schema: typeof FileNameSchema, value: unknown, what: string): void {
  const parsed = schema.safeParse(value)
  if (parsed.success) return
  const issues = describeIssues(issuesOfZod(parsed.error, { schema, value, what }))
  throw new FinalError(`${what} is not right: ${shown(value)}: ${issues}`)
}

const keyOf = (file: { $file: string } | string): string => (typeof file === 'string' ? file : file.$file)

/** Throws InvalidInputError for what is no reference, and NotFoundError for a file of another tenant (files/F1). */
function readable($file: string, tenant: string): FileReference {
  const value = { $file }
  const parsed = FileReferenceSchema.safeParse(value)
  if (!parsed.success) {
    const what = 'the reference'
    const issues = describeIssues(issuesOfZod(parsed.error, { schema: FileReferenceSchema, value, what }))
    throw new OrchestratorError('InvalidInputError', issues)
  }
  if (mayRead(parsed.data, tenant)) return parsed.data
  throw new OrchestratorError('NotFoundError', `there is no file ${$file}`, { key: $file })
}

function decode(key: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw new OrchestratorError('InvalidInputError', `${key} is not UTF-8 text`, { key }, cause)
  }
}
