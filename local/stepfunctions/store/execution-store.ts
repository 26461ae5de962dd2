import type { ExecutionStatus, Outcome } from '../run/execution.ts'
import type { HistoryEvent, JournalEntry } from '../run/history.ts'

export type StateMachine = {
  /** For a published version it ends in the version's number. */
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

/** A stored execution; payloads are JSON texts. */
export type ExecutionRow = {
  executionArn: string
  stateMachineArn: string
  name: string
  /** The published version that it was started with, if any. */
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
  /** The task or Map that started it: the parent execution's ARN, a space, and an identifier. */
  startedBy?: string
  /** Whether its last change of status was announced. */
  announced: boolean
}

/** A suffix of `startedBy`: the parent waits for the execution's end. */
export const WAITED_FOR = ' and waits'

/**
 * Stores machines, executions and their journals. Writes are synchronous: when one returns, its data survives
 * a restart. Every implementation passes `test/contract/execution-store.test.ts`.
 */
export type ExecutionStore = {
  putMachine(machine: StateMachine): void
  findMachine(arn: string): StateMachine | undefined
  /** Excludes versions. */
  listMachines(): StateMachine[]
  /** The published versions of a machine, newest first. */
  listVersions(machineArn: string): StateMachine[]
  /** Deletes its versions too. */
  deleteMachine(arn: string): void

  /** Stores a copy of the definition: a later version of the machine does not affect the execution. */
  insert(row: ExecutionRow, definition: string): void
  definitionOf(executionArn: string): string
  find(executionArn: string): ExecutionRow | undefined
  /** Newest first. Children of a Map are listed by their run only. */
  list(
    filter: { stateMachineArn?: string; mapRunArn?: string; status?: ExecutionStatus },
    page: Page,
  ): ExecutionRow[]
  /** Executions that have not ended, or whose end was not announced, oldest first. */
  listUnfinished(): ExecutionRow[]
  end(executionArn: string, outcome: Outcome, stoppedAt: number): void
  /** Atomic: sets the execution running again and appends the redrive event. */
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

/** The machine's ARN, from its own or from a version's. */
export const machineArnOf = (arn: string): string => arn.split(':').slice(0, MACHINE_ARN_PARTS).join(':')

/** 0 for a machine itself. */
export const versionNumberOf = (arn: string): number => Number(arn.split(':')[MACHINE_ARN_PARTS] ?? 0)

export type Page = { from: number; limit: number }
