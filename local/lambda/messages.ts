/** What the host and its workers say to one another. */
export type Invoke = { kind: 'invoke'; id: string; payload: string; deadline: number }
export type ToWorker = Invoke | { kind: 'ping'; id: string }

export type FunctionError = { errorType: string; errorMessage: string; trace: string[] }
export type FromWorker =
  | { kind: 'ready' }
  | { kind: 'unusable'; error: FunctionError }
  | { kind: 'result'; id: string; payload: string }
  | { kind: 'error'; id: string; error: FunctionError }
  | { kind: 'pong'; id: string }

export type WorkerData = {
  entry: string
  handler: string
  functionName: string
  functionArn: string
  memoryMb: number
}
