import { Quarantine } from './quarantine.ts'
import { RunningJournal } from './running-journal.ts'
import type { DebugPorts } from './sandbox/debug-ports.ts'
import { exitError } from './sandbox/how-it-ended.ts'
import type { FunctionError, ServiceAnswer, ServiceCall } from './sandbox/messages.ts'
import { processSandboxes, type Sandboxes } from './sandbox/sandbox-process.ts'

/** Beyond Lambda's maximum, so nothing in the function gives up while a debugger stops it. Node.js timers are limited to 24 days. */
export const DEBUGGED_MILLISECONDS = 24 * 3_600_000

export type FunctionSettings = {
  name: string
  arn: string
  /** Path of the bundle's file, and the name of its exported handler. */
  entry: string
  handler: string
  /** Another runtime than Node: `entry` is then the folder of the function, and `handler` as that runtime reads it. */
  runtime?: string | undefined
  timeoutSeconds: number
  memoryMb: number
  environment: Record<string, string>
  onLog?: (functionName: string, text: string) => void
  /** The ports for a debugger; a debugged function has a single sandbox and no time limit. */
  debugging?: DebugPorts
  /** Answers the function's requests to AWS services. */
  onServiceCall?: (call: ServiceCall) => Promise<Omit<ServiceAnswer, 'id'>>
}

export type Invocation = { payload: string } | { functionError: FunctionError }

/** Objects that all functions of a local cloud share. */
export type Surroundings = { sandboxes: Sandboxes; quarantine: Quarantine; journal: RunningJournal }

export function makeSurroundings(journal = RunningJournal.inMemory()): Surroundings {
  return { sandboxes: processSandboxes(), quarantine: new Quarantine(), journal }
}

export const STOPPED = exitError('the local cloud was stopped')
export const REMOVED = exitError('the function was removed')
export const REFUSED = exitError(
  'the local cloud has died again and again while this invocation was running; it is not run any more',
)
