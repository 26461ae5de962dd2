import { SFNClient } from '@aws-sdk/client-sfn'
import { AwsClient } from 'aws4fetch'
import { type Client, makeClient } from '../../shared/client/index.ts'
import { send } from './send.ts'

export type Json = Record<string, never> & { [key: string]: unknown }
export type Answer = { status: number; body: Json }

/** How tests reach a deployment: its API, and AWS's APIs. */
export type Door = {
  /** The prefix of every resource's name. */
  prefix: string
  /** Calls the API: `GET /tasks` is `call('GET', '/tasks')`. */
  call(method: string, path: string, body?: unknown): Promise<Answer>
  /** The typed client, which throws ApiError for a refusal. */
  ask: Client
  sfn: SFNClient
  /** Invokes a function by the last part of its name. */
  invoke(name: string, payload: object): Promise<unknown>
  /** Whether status events of executions arrive; if not, tests invoke the reconciler. */
  tellsOfEnds: boolean
}

export type Place = {
  apiUrl: string
  /** The endpoint of AWS's APIs; by default AWS itself. */
  awsUrl?: string
  region: string
  prefix: string
  credentials: { accessKeyId: string; secretAccessKey: string; sessionToken?: string }
  tellsOfEnds: boolean
}

const POLL_MILLISECONDS = 200

export function openDoor({ apiUrl, awsUrl, region, prefix, credentials, tellsOfEnds }: Place): Door {
  const signed = (service: string) => new AwsClient({ ...credentials, region, service, retries: 0 })
  const [api, lambda] = [signed('execute-api'), signed('lambda')]
  const lambdaUrl = awsUrl ?? `https://lambda.${region}.amazonaws.com`
  return {
    prefix,
    tellsOfEnds,
    sfn: new SFNClient({ region, credentials, ...(awsUrl ? { endpoint: awsUrl } : {}) }),
    ask: makeClient({
      baseUrl: apiUrl,
      sign: (request) => api.sign(request),
      fetch: (input, init) => send(new Request(input, init)),
    }),
    async call(method, path, body) {
      const signedRequest = await api.sign(`${apiUrl}/api/v1${path}`, {
        method,
        headers: body === undefined ? {} : { 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      const response = await send(signedRequest)
      const text = await response.text()
      return { status: response.status, body: parsed(text) }
    },
    async invoke(name, payload) {
      const url = `${lambdaUrl}/2015-03-31/functions/${prefix}-${name}/invocations`
      const response = await lambda.fetch(url, { method: 'POST', body: JSON.stringify(payload) })
      const text = await response.text()
      if (!response.ok || response.headers.has('x-amz-function-error'))
        throw new Error(`${name}: ${response.status} ${text}`)
      return parsed(text)
    },
  }
}

function parsed(text: string): Json {
  try {
    return JSON.parse(text) as Json
  } catch {
    throw new Error(`not JSON: ${text.slice(0, 500)}`)
  }
}

/** Submits a task; throws unless it is accepted. */
export async function submit(door: Door, task: object): Promise<string> {
  const { status, body } = await door.call('POST', '/tasks', task)
  if (status !== 202) throw new Error(`${status} ${JSON.stringify(body)}`)
  return String(body.taskId)
}

/** Waits for a task's end; returns it with its steps. */
export async function ended(door: Door, taskId: string, boundSeconds = 30): Promise<Json> {
  for (const until = Date.now() + boundSeconds * 1_000; Date.now() < until; ) {
    const { body } = await door.call('GET', `/tasks/${taskId}`)
    if (!['queued', 'planning', 'running', 'waiting'].includes(String(body.status))) return body
    if (!door.tellsOfEnds) await door.invoke('reconcile', { graceSeconds: 0 })
    await new Promise((resolve) => setTimeout(resolve, POLL_MILLISECONDS))
  }
  throw new Error(`task ${taskId} did not end within ${boundSeconds} s`)
}

export async function resultOf(door: Door, taskId: string): Promise<unknown> {
  const { status, body } = await door.call('GET', `/tasks/${taskId}/result`)
  if (status !== 200) throw new Error(`${status} ${JSON.stringify(body)}`)
  return body.result
}
