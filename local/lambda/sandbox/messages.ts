/** What the local cloud and its sandbox processes say to one another. */
export type Invoke = {
  kind: 'invoke'
  id: string
  payload: string
  /** Milliseconds since 1970. */
  deadline: number
  /** What the call is named by in every life of the local cloud, where it has such a name. */
  key?: string
}
/** A request to the services' endpoint, and what it was answered. */
export type ServiceCall = { method: string; path: string; headers: Record<string, string>; body: Uint8Array }
export type ServiceAnswer = {
  id: number
  status: number
  headers: Record<string, string>
  body: Uint8Array | string
}
export type ToSandbox = Invoke | { kind: 'ping' } | ({ kind: 'answer' } & ServiceAnswer)

export type FunctionError = { errorType: string; errorMessage: string; trace: string[] }
export type FromSandbox =
  | { kind: 'ready' }
  /** The bundle could not be loaded. */
  | { kind: 'unusable'; error: FunctionError }
  | { kind: 'result'; id: string; payload: string }
  | { kind: 'error'; id: string; error: FunctionError }
  /** An exception that no handler caught: the process ends after it. */
  | { kind: 'crashed'; error: FunctionError }
  | { kind: 'pong' }
  | ({ kind: 'service'; id: number } & ServiceCall)

/** What a sandbox process is told when it is started. */
export type SandboxSettings = {
  entry: string
  handler: string
  functionName: string
  functionArn: string
  memoryMb: number
  /** Its answers are waited for less than those of other functions. */
  inBackground: boolean
  /** Where a debugger can attach to it. */
  inspectPort?: number
  /** Where it writes, and for which life of the local cloud, that its invocations have outlived that. */
  alibis?: { file: string; life: string }
}

/** Lambda's limit for an answer, in bytes. */
export const MAX_ANSWER_BYTES = 6 * 1024 * 1024
