import { type LocalCloud, type LocalCloudOptions, startLocalCloud } from '../../../local/local-cloud.ts'
import { type Client, makeClient } from '../../../shared/client/index.ts'
import { ASSEMBLY } from '../runner/synthesize-once.ts'

export type LocalApiOptions = Partial<LocalCloudOptions>
type Answer = { status: number; body: Record<string, never> & { [key: string]: unknown } }
export type LocalApi = LocalCloud & {
  logs: string[]
  /** The typed client, which throws ApiError where `call` returns a status. */
  ask: Client
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>
  submit(type: string, input: unknown): Promise<string>
  /** Submits a task with an inline workflow. */
  /** `more` are further fields of the request. */
  submitOwn(workflow: unknown, input?: object, more?: object): Promise<Answer & { taskId: string }>
  resultOf(taskId: string): Promise<unknown>
  /** Submits a task, waits for its end, and returns it with its steps. */
  run(type: string, input: unknown): Promise<Record<string, unknown>>
  ended(taskId: string): Promise<Record<string, unknown>>
  /** Runs the reconciler now, as its schedule would. */
  reconcile(): Promise<void>
  upload(name: string, content: string): Promise<{ $file: string }>
}

const OPEN = ['queued', 'planning', 'running', 'waiting']
const BOUND_MILLISECONDS = 50_000
const LONGEST_PAUSE_MILLISECONDS = 300
/** How many of the last lines of logs an error has: the cloud that files share has those of all of them. */
const LINES_TOLD = 200

/** The local cloud with helpers for its API. */
export async function startApi(options: LocalApiOptions = {}): Promise<LocalApi> {
  const logs: string[] = []
  const cloud = await startLocalCloud({
    assembly: ASSEMBLY,
    onLog: (_name, text) => void logs.push(text),
    onDeadLetter: (queue, reason) => void logs.push(`${queue}: ${reason}\n`),
    ...options,
  })

  const call: LocalApi['call'] = async (method, path, body, headers = {}) => {
    const response = await fetch(`${cloud.apiUrl}/api/v1${path}`, {
      method,
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    return { status: response.status, body: (await response.json()) as Answer['body'] }
  }
  const ask = makeClient({ baseUrl: cloud.apiUrl })
  const submit = async (type: string, input: unknown): Promise<string> => {
    const { status, body } = await call('POST', '/tasks', { type, input })
    if (status !== 202) throw new Error(`${status} ${JSON.stringify(body)}`)
    return String(body.taskId)
  }
  const submitOwn = async (workflow: unknown, input: object = { word: 'w' }, more: object = {}) => {
    const answer = await call('POST', '/tasks', { workflow, input, ...more })
    return { ...answer, taskId: String(answer.body.taskId) }
  }
  const ended = async (taskId: string) => {
    // Polls at growing intervals: for a large task polling would be most of the work.
    for (let [until, pause] = [Date.now() + BOUND_MILLISECONDS, 20]; Date.now() < until; pause *= 1.15) {
      const { body } = await call('GET', `/tasks/${taskId}`)
      if (!OPEN.includes(String(body.status))) return body
      await new Promise((resolve) => setTimeout(resolve, Math.min(pause, LONGEST_PAUSE_MILLISECONDS)))
    }
    throw new Error(`task ${taskId} did not end; logs:\n${logs.slice(-LINES_TOLD).join('')}`)
  }
  const upload = async (name: string, content: string) => {
    const { files } = await ask('createFiles', { files: [{ path: name }] })
    const [ticket] = files
    if (!ticket) throw new Error('no ticket for the file')
    const form = new FormData()
    for (const [field, value] of Object.entries(ticket.upload.fields)) form.append(field, value)
    form.append('file', new Blob([content]), name)
    const response = await fetch(ticket.upload.url, { method: 'POST', body: form })
    if (response.status !== 204) throw new Error(`${response.status} ${await response.text()}`)
    return ticket.file
  }
  const reconcile = async () => {
    const path = '/2015-03-31/functions/orchestrator-reconcile/invocations'
    const body = JSON.stringify({ graceSeconds: 0 })
    const outcome = await fetch(`${cloud.awsUrl}${path}`, { method: 'POST', body })
    if (outcome.headers.has('x-amz-function-error')) throw new Error(await outcome.text())
  }
  return {
    ...cloud,
    reconcile,
    logs,
    ask,
    call,
    submit,
    submitOwn,
    resultOf: async (taskId) => (await call('GET', `/tasks/${taskId}/result`)).body.result,
    ended,
    upload,
    run: async (type, input) => ended(await submit(type, input)),
  }
}
