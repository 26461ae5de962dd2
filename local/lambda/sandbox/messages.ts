/** Messages between the local cloud and its sandbox processes. */
export type Invoke = {
  kind: 'invoke'
  id: string
  payload: string
  /** Milliseconds since 1970. */
  deadline: number
  /** Identifies the call across restarts of the local cloud, if the caller repeats it. */
  key?: string
}
/** A request to an AWS service, and its answer. An answer without a body is a stream, which is to be read from the endpoint's port. */
export type ServiceCall = { method: string; path: string; headers: Record<string, string>; body: Uint8Array }
export type ServiceAnswer = {
  id: number
  status: number
  headers: Record<string, string>
  body?: Uint8Array | string
}
export type ToSandbox = Invoke | { kind: 'ping' } | ({ kind: 'answer' } & ServiceAnswer)

export type FunctionError = { errorType: string; errorMessage: string; trace: string[] }
export type FromSandbox =
  | { kind: 'ready' }
  /** The bundle could not be loaded. */
  | { kind: 'unusable'; error: FunctionError }
  | { kind: 'result'; id: string; payload: string }
  | { kind: 'error'; id: string; error: FunctionError }
  /** An uncaught exception, after which the process ends. */
  | { kind: 'crashed'; error: FunctionError }
  | { kind: 'pong' }
  | ({ kind: 'service'; id: number } & ServiceCall)

/** The settings that a sandbox process gets at its start. */
export type SandboxSettings = {
  /** Path of the bundle's file; of another runtime than Node, the folder of the function. */
  entry: string
  handler: string
  /** Another runtime than Node, such as `python3.13`. */
  runtime?: string | undefined
  functionName: string
  functionArn: string
  memoryMb: number
  /** Only machines and events call the function, so it runs at a lower priority. */
  inBackground: boolean
  /** The port for a debugger. */
  inspectPort?: number
  /** The file in which it records that its invocations outlived this run (`life`) of the local cloud. */
  alibis?: { file: string; life: string }
}

/** Lambda's limit for an answer, in bytes. */
export const MAX_ANSWER_BYTES = 6 * 1024 * 1024
