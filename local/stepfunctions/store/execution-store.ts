import type { ExecutionStatus, Outcome } from '../run/execution.ts'
import type { HistoryEvent, JournalEntry } from '../run/history.ts'

export type StateMachine = {
  /** That of a published version ends in its number. */
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
  /** The published version that it was started with, if it was. */
  stateMachineVersionArn?: string
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
  /** Which task or Map of which execution has started it: that one's ARN, a space, and more. */
  startedBy?: string
  /** Whether the world has been told of its last change of status. */
  announced: boolean
}

/** At the end of `startedBy`: whoever started it waits for its end. */
export const WAITED_FOR = ' and waits'

/**
 * Where machines, executions and their journals are kept. Writes are done when they return: what was written is there
 * in the next life. Every implementation passes `test/contract/execution-store.test.ts`.
 */
export type ExecutionStore = {
  putMachine(machine: StateMachine): void
  findMachine(arn: string): StateMachine | undefined
  /** Without versions. */
  listMachines(): StateMachine[]
  /** What was published of a machine, newest first. */
  listVersions(machineArn: string): StateMachine[]
  /** With its versions. */
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
  /** Sets it running again and writes the event that says so: both or neither. */
  redrive(
    executionArn: string,
    redrive: { redrivenAt: number; startedBy: string | undefined },
    entry: JournalEntry,
  ): void
  setAnnounced(executionArn: string): void

  append(executionArn: string, entry: JournalEntry): void
  journal(executionArn: string): JournalEntry[]
  events(executionArn: string, page: Page & { reverse: boolean }): HistoryEvent[]
  close(): void
}

/** `arn:aws:states:<region>:<account>:stateMachine:<name>`, and `:<number>` behind it for a version. */
const MACHINE_ARN_PARTS = 7

/** A machine's ARN, of that or of a version's. */
export const machineArnOf = (arn: string): string => arn.split(':').slice(0, MACHINE_ARN_PARTS).join(':')

/** Zero for a machine itself. */
export const versionNumberOf = (arn: string): number => Number(arn.split(':')[MACHINE_ARN_PARTS] ?? 0)

export type Page = { from: number; limit: number }
