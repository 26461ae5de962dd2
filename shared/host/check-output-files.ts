import { OrchestratorError } from '../domain/errors.ts'
import {
  type FileReference,
  FileReferenceSchema,
  fileReferencesIn,
  TASK_FILES_PREFIX,
  taskOfReference,
} from '../domain/file-reference.ts'
import type { Json } from '../domain/json.ts'
import { shown } from '../domain/shown.ts'
import { referenceOf } from '../domain/task-file.ts'
import type { HostPorts } from './host-ports.ts'
import type { StepRun } from './step-run.ts'

const AT_ONCE = 20

/**
 * Throws AgentOutputError naming the reference in the output to a file of another task that the input does not have, or to a file that was
 * never written (files/F4). A file of an earlier attempt, such as one that `once` has kept, becomes one of this attempt (files/F5).
 */
export async function checkOutputFiles(
  { taskFiles }: Pick<HostPorts, 'taskFiles'>,
  run: StepRun,
  { input, output }: { input: Json; output: Json },
): Promise<void> {
  const given = new Set(ofAgentsIn(input).map(({ $file }) => $file))
  const named = ofAgentsIn(output).filter(({ $file }) => !given.has($file))
  const distinct = [...new Map(named.map((one) => [one.$file, one])).values()]
  for (let at = 0; at < distinct.length; at += AT_ONCE)
    await Promise.all(distinct.slice(at, at + AT_ONCE).map(check))

  async function check({ $file, path }: Named): Promise<void> {
    const { own, plan, agentId } = run
    const reference = FileReferenceSchema.safeParse({ $file })
    const of = reference.success ? taskOfReference(reference.data) : undefined
    const isOwn = of?.tenant === plan.tenant && of.taskId === own.taskId
    const file = isOwn ? await taskFiles.findFile(own.taskId, of.fileId) : undefined
    if (file && referenceOf(file).$file === $file) {
      if (file.path === own.path && file.fence < own.fence) await taskFiles.takeFile(file, own)
      return
    }
    const why = isOwn
      ? 'no agent has written it'
      : "an output names files of its own task, and those of the step's input"
    const message = `${agentId} answered ${path} with the file ${shown($file)}, which is none of this task: ${why}; answer what context.files.write returns`
    throw new OrchestratorError('AgentOutputError', message)
  }
}

type Named = FileReference & { path: string }

/** What is written as a reference to a file of an agent, with its place. */
function ofAgentsIn(value: Json): Named[] {
  return fileReferencesIn(value, 'output').flatMap(({ path, reference }) => {
    const { $file } = reference as { $file: unknown }
    return typeof $file === 'string' && $file.startsWith(TASK_FILES_PREFIX) ? [{ $file, path }] : []
  })
}
