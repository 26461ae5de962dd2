import type { Decision } from '../domain/plan.ts'
import type { Approval, Attempt, StepRecord } from '../domain/step.ts'

/** The outcome of an invocation's first write: it owns the step now (and how it was before), or the step is past it. */
export type TakeOver =
  | { kind: 'owned'; step: StepRecord; before?: StepRecord }
  | { kind: 'final'; step: StepRecord }
  | { kind: 'superseded'; step: StepRecord }

/** `reboundBy` is the fence of the rebinder's call; `busySince` when its agents were too busy for the step first. */
export type Rebound = {
  agentId?: string
  startedAt: string
  reboundBy?: string
  decision?: Decision
  busySince?: string | undefined
}

export type Ownership = { taskId: string; path: string; owner: string; fence: string }

export type StepEnd = Pick<StepRecord, 'status' | 'endedAt'> &
  Partial<
    Pick<
      StepRecord,
      'agentId' | 'output' | 'error' | 'degraded' | 'skipReason' | 'reused' | 'costUsd' | 'tokens'
    >
  >

/** Steps of tasks, with what people are asked in them. Every write is one conditional write of one item. */
export type Steps = {
  /** Take the step over for an invocation unless it is final or a higher fence holds it; replay check in the same write. */
  takeOverStep(
    ownership: Ownership,
    /** Without an agent it stays whom the rebinder has named, if it has. */
    start: Rebound,
  ): Promise<TakeOver>
  /** End a step that `ownership` still holds. False when it does not any more. */
  endStep(ownership: Ownership, end: StepEnd): Promise<boolean>
  /**
   * Note a failed attempt of a step that `ownership` still holds, after so many `before` it: the more there are, the less is kept of
   * its message. False when it does not hold it any more.
   */
  addAttempt(ownership: Ownership, attempt: Attempt, before?: number): Promise<boolean>
  /**
   * Lets a step that has not succeeded run again: nothing is left of how it went, but its attempts. Only where its fence is before that
   * one, which it has then, or the step was closed.
   */
  reopenStep(taskId: string, path: string, when: { at: string; before: string }): Promise<void>
  /** A step that has failed stays so, whoever asks for it; only where its fence is before that one. */
  closeStep(taskId: string, path: string, before: string): Promise<void>
  /** Gives a task a step that another has ended: it is done, and stays so. */
  adoptStep(taskId: string, step: StepEnd & { path: string; startedAt: string }): Promise<void>
  /** Best effort: shown while the step runs. */
  setProgress(ownership: Ownership, progress: { fraction: number; note: string }): Promise<void>
  /** Notes what a person is asked. False when the step is not ours any more, or somebody has answered. */
  askApproval(ownership: Ownership, approval: Approval): Promise<boolean>
  /**
   * Keeps what the items of a fan-out work on, which task runs a child workflow, or when a busy agent wants to be asked again. False when
   * the step is not ours any more.
   */
  noteStep(
    ownership: Ownership,
    note: Pick<StepRecord, 'items'> | Pick<StepRecord, 'child'> | Pick<StepRecord, 'askAgainAt'>,
  ): Promise<boolean>
  /** Keeps the first answer; undefined when there is one already, or nothing is asked. */
  answerApproval(
    taskId: string,
    path: string,
    answer: NonNullable<Approval['answer']>,
  ): Promise<StepRecord | undefined>
  findSteps(taskId: string, paths: readonly string[]): Promise<StepRecord[]>
  listSteps(taskId: string): Promise<StepRecord[]>
}
