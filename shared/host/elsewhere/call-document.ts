import type { AgentContext } from '../../agent/index.ts'
import {
  type AgentCall,
  type CalledFile,
  FILE_URL_SECONDS,
  MOST_CALL_BYTES,
  MOST_CALL_FILES,
} from '../../contracts/agent-contract.ts'
import { OrchestratorError } from '../../domain/errors.ts'
import { type FileReference, fileReferencesIn } from '../../domain/file-reference.ts'
import type { Json } from '../../domain/json.ts'
import { baseName, contentDisposition, typeOfName } from '../../domain/task-file.ts'
import type { Ports } from '../../ports/index.ts'

const encoder = new TextEncoder()

type Needs = Pick<Ports, 'clock' | 'ids'> & { files: Pick<Ports['files'], 'presignDownload'> }
type Asked = {
  agentId: string
  capability: string
  input: Json
  callback?: AgentCall['callback'] | undefined
}

/**
 * What an agent elsewhere is sent for a step, as JSON. Throws InvalidInputError for a file that is not there, or not this task's to read, for more than
 * MOST_CALL_FILES files, and for a call of more than MOST_CALL_BYTES.
 */
export async function callDocument(
  ports: Needs,
  { agentId, capability, input, callback }: Asked,
  context: Pick<AgentContext, 'task' | 'step' | 'attempt' | 'deadline' | 'files'>,
): Promise<{ id: string; body: string }> {
  const { task, step, attempt, deadline } = context
  const id = callId(ports, { taskId: task.id, ...step, agentId, capability })
  const call: AgentCall = {
    id,
    taskId: task.id,
    path: step.path,
    attempt,
    capability,
    input,
    files: await calledFiles(ports, input, context),
    deadline: deadline.toISOString(),
    ...(callback ? { callback: { url: callback.url, token: callback.token } } : {}),
  }
  const body = JSON.stringify(call)
  const bytes = encoder.encode(body).length
  if (bytes > MOST_CALL_BYTES)
    throw new OrchestratorError(
      'InvalidInputError',
      `the call of ${capability} has ${bytes} bytes, and an agent elsewhere takes ${MOST_CALL_BYTES}: pass large values as files`,
    )
  return { id, body }
}

/** contract/T1 */
function callId(
  { ids }: Needs,
  call: { taskId: string; path: string; run: string; agentId: string; capability: string },
): string {
  const { taskId, path, run, agentId, capability } = call
  return `msg_${ids.digest([taskId, path, run, agentId, capability].join('\n')).slice(0, 32)}`
}

async function calledFiles(
  { files, clock }: Needs,
  input: Json,
  context: Pick<AgentContext, 'files'>,
): Promise<CalledFile[]> {
  const references = fileReferencesIn(input, 'input').map(({ reference }) => reference as FileReference)
  const found: CalledFile[] = []
  const seen = new Set<string>()
  for (const reference of references) {
    if (seen.has(reference.$file)) continue
    seen.add(reference.$file)
    // Refuses what is none of this tenant's (files/F1).
    const listed = await context.files.list(reference)
    if (found.length + listed.length > MOST_CALL_FILES)
      throw new OrchestratorError(
        'InvalidInputError',
        `the input names more than ${MOST_CALL_FILES} files, which is the most that an agent elsewhere is sent`,
      )
    const expiresAt = new Date(clock.now().getTime() + FILE_URL_SECONDS * 1_000).toISOString()
    for (const { key, bytes } of listed) {
      const name = baseName(key)
      const url = await files.presignDownload(key, {
        contentType: typeOfName(name, false),
        contentDisposition: contentDisposition(name),
        expiresSeconds: FILE_URL_SECONDS,
      })
      found.push({ reference, key, name, bytes, url, expiresAt })
    }
  }
  return found
}
