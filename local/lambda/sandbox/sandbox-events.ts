import type { FromSandbox, FunctionError, ToSandbox } from './messages.ts'

/** A process in which a function's bundle runs. */
export type Sandbox = {
  /** 0 if the process could not be started. */
  pid: number
  send(message: ToSandbox): void
  /** Ends it at once. Resolves when the process is gone. */
  kill(): Promise<void>
}
export type SandboxEvents = {
  message(message: FromSandbox): void
  log(text: string): void
  /** Called once when the process has ended: by itself, or for exceeding its memory. */
  ended(reason: FunctionError): void
}
