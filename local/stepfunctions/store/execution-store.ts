import type { ExecutionStatus, Outcome } from '../execution.ts'
import type { HistoryEvent, JournalEntry } from '../history.ts'

export type StateMachine = {
  stateMachineArn: string
  name: string
  /** The definition's text. */
  definition: string
  roleArn: string
  /** Milliseconds since 1970. */
  createdAt: number
  updatedAt: number
  revisionId: string
}

/** An execution as it is kept; payloads are JSON texts. */
export type ExecutionRow = {
  executionArn: string
  stateMachineArn: string
  name: string
  roleArn: string
  input: string
  startedAt: number
  status: ExecutionStatus
  stoppedAt?: number
  output?: string
  error?: string
  cause?: string
  redrivenAt?: number
  redriveCount: number
  /** Set on children of a distributed Map. */
  mapRunArn?: string
  /** Which task of which execution has started it, when one has. */
  startedBy?: string
  /** Whether the world has been told of its last change of status. */
  announced: boolean
}

/**
 * Where machines, executions and their journals are kept. Writes are done when they return: what was written is there
 * in the next life. Every implementation passes `test/contract/execution-store.test.ts`.
 */
export type ExecutionStore = {
  putMachine(machine: StateMachine): void
  findMachine(arn: string): StateMachine | undefined
  listMachines(): StateMachine[]
  deleteMachine(arn: string): void

  /** With the definition's text: a later version of the machine does not touch an execution. */
  insert(row: ExecutionRow, definition: string): void
  definitionOf(executionArn: string): string
  find(executionArn: string): ExecutionRow | undefined
  /** Newest first. Children of a Map are listed by their run only. */
  list(
    filter: { stateMachineArn?: string; mapRunArn?: string; status?: ExecutionStatus },
    page: Page,
  ): ExecutionRow[]
  /** Those that have not ended, or whose end nobody has been told, oldest first. */
  listUnfinished(): ExecutionRow[]
  end(executionArn: string, outcome: Outcome, stoppedAt: number): void
  redrive(executionArn: string, redrivenAt: number): void
  setAnnounced(executionArn: string): void

  append(executionArn: string, entry: JournalEntry): void
  journal(executionArn: string): JournalEntry[]
  events(executionArn: string, page: Page & { reverse: boolean }): HistoryEvent[]
  close(): void
}

export type Page = { from: number; limit: number }
