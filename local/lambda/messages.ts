/** What the host and its workers say to one another. */
export type Invoke = { kind: 'invoke'; id: string; payload: string; deadline: number }
/** A request to the services' endpoint, and what it was answered. */
export type ServiceCall = { method: string; path: string; headers: Record<string, string>; body: Uint8Array }
export type ServiceAnswer = {
  id: number
  status: number
  headers: Record<string, string>
  body: Uint8Array | string
}
export type ToWorker = Invoke | { kind: 'ping'; id: string } | ({ kind: 'answer' } & ServiceAnswer)

export type FunctionError = { errorType: string; errorMessage: string; trace: string[] }
export type FromWorker =
  | { kind: 'ready' }
  | { kind: 'unusable'; error: FunctionError }
  | { kind: 'result'; id: string; payload: string }
  | { kind: 'error'; id: string; error: FunctionError }
  | { kind: 'pong'; id: string }
  | ({ kind: 'service'; id: number } & ServiceCall)

export type WorkerData = {
  entry: string
  handler: string
  functionName: string
  functionArn: string
  memoryMb: number
  /** Nobody waits for its answers as closely as for others'. */
  inBackground: boolean
}
