import type { Approval } from '../domain/approval.ts'
import type { Rating } from '../domain/evaluation.ts'
import type { Decision } from '../domain/plan.ts'
import type { Attempt, Held, StepRecord, StoredValue, UndoneEnd } from '../domain/step.ts'
import type { Suspended } from '../domain/suspension.ts'

/** The outcome of an invocation's first write: it owns the step now (`before`: the record until then), or it came too late. */
export type TakeOver =
  | { kind: 'owned'; step: StepRecord; before?: StepRecord }
  | { kind: 'final'; step: StepRecord }
  | { kind: 'superseded'; step: StepRecord }

/** `reboundBy` is the fence of the rebinder's call; `busySince` is when the step's agents were first too busy for it. */
export type Rebound = {
  agentId?: string
  startedAt: string
  /** The start of the last call stays, because none begins; without one it is `startedAt`. */
  keepStart?: boolean
  reboundBy?: string
  decision?: Decision
  /** What the expression for the step's capability has come to. */
  capability?: string | undefined
  busySince?: string | undefined
  begun?: Begun
  /** The suspension after which the agent is called again, or that nobody goes on from. */
  suspended?: Suspended | undefined
  /** Why the agent that the rebinder has chosen is not called at once; without it the rebinder removes what was recorded before. */
  held?: Held | undefined
}

/**
 * What a run of a step begins with; it replaces what the run before began with, also where it is undefined. Not part of the step's
 * record as other steps read it: `findInputs` finds the input.
 */
export type Begun = { calledVersion?: string | undefined; input: StoredValue | undefined }

export type Ownership = { taskId: string; path: string; owner: string; fence: string }

export type StepEnd = Pick<StepRecord, 'status' | 'endedAt'> &
  Partial<
    Pick<
      StepRecord,
      | 'startedAt'
      | 'agentId'
      | 'agentVersion'
      | 'agentCode'
      | 'capability'
      | 'output'
      | 'evaluation'
      | 'error'
      | 'degraded'
      | 'skipReason'
      | 'reused'
      | 'costUsd'
      | 'tokens'
      | 'unpriced'
    >
  >

/** A step as another task has completed it, with its input. */
export type AdoptedStep = StepEnd & {
  path: string
  startedAt: string
  input?: StoredValue | undefined
  approval?: Approval
}

/** A field of a record that a list may leave out. */
export type RecordField = Exclude<keyof StepRecord, 'path' | 'status' | 'fence' | 'owner' | 'startedAt'>

export type ListSteps = {
  /** Those within a step alone: the items of a fan-out, the rounds of a loop, the steps of either. */
  within?: string
  /** Those whose record has this status; a step may be shown with another one. */
  status?: StepRecord['status']
  /** The only fields to read, among those that may be left out. Outputs are most of a record. */
  fields?: readonly RecordField[]
}

/** Step records, with their approvals. Every write is one conditional write of one item. */
export type Steps = {
  /** Makes the invocation the owner of the step unless the step is final or a higher fence owns it; detects replays in the same write. */
  takeOverStep(
    ownership: Ownership,
    /** Without an agent the rebinder's choice, if any, stays. */
    start: Rebound,
  ): Promise<TakeOver>
  /** Ends a step that `ownership` still holds; false when it does not. */
  endStep(ownership: Ownership, end: StepEnd): Promise<boolean>
  /**
   * Records a failed attempt of a step that `ownership` still holds; false when it does not. The number of attempts `before` it decides how
   * much of its message is kept. `judged`: the judge has refused its output, and the step is the judged agent's again; its cost is no longer
   * among those of `uncounted`, of which this is the rest.
   */
  addAttempt(
    ownership: Ownership,
    attempt: Attempt,
    before?: number,
    options?: { judged?: boolean; uncounted?: StepRecord['uncounted'] },
  ): Promise<boolean>
  /**
   * Lets a step that has not succeeded run again: only its attempts are kept, and the ends that are given. Applies only if the step's
   * fence is below `before`, which becomes its fence, or if the step was closed. `answered`: an approval that has succeeded, and no other step, is asked anew.
   */
  reopenStep(
    taskId: string,
    path: string,
    when: { at: string; before: string; undone?: readonly UndoneEnd[] | undefined; answered?: true },
  ): Promise<void>
  /** Makes a failure final, so that later invocations cannot take the step over; applies only if its fence is below `before`. */
  closeStep(taskId: string, path: string, before: string): Promise<void>
  /** Copies a step that another task has completed into a task; it is final. */
  adoptStep(taskId: string, step: AdoptedStep): Promise<void>
  /** Best effort: progress is only displayed. */
  setProgress(ownership: Ownership, progress: { fraction: number; note: string }): Promise<void>
  /** Best effort: the end of what a model says, which is only displayed. */
  setSaid(ownership: Ownership, text: string): Promise<void>
  /** Records the question to a person. False when `ownership` has lost the step, or it was answered already. */
  askApproval(ownership: Ownership, approval: Approval): Promise<boolean>
  /**
   * Records the items of a fan-out, what a conversation is given, the task of a child workflow, when a busy agent is to be called again, or why none is called now (undefined
   * when one is). False when `ownership` has lost the step.
   */
  noteStep(
    ownership: Ownership,
    note:
      | Pick<StepRecord, 'items' | 'itemCount'>
      | Pick<StepRecord, 'asked'>
      | (Pick<StepRecord, 'child'> & { input?: StoredValue | undefined })
      | Pick<StepRecord, 'askAgainAt' | 'uncounted' | 'judging' | 'suspended'>
      | { held: Held | undefined },
  ): Promise<boolean>
  /**
   * Records the first answer; undefined when the approval was answered before, does not exist, or is another than the one that ends at `expiresAt`, where that is
   * given.
   */
  answerApproval(
    taskId: string,
    path: string,
    answer: NonNullable<Approval['answer']>,
    expiresAt?: string,
  ): Promise<StepRecord | undefined>
  /** Records a person's rating of a step that has succeeded, in place of the one before. Returns the record until then; undefined for another step. */
  rateStep(taskId: string, path: string, rating: Rating): Promise<StepRecord | undefined>
  /** `fresh`: with the present rating, which a worker that has seen the step end does not read again. */
  findSteps(taskId: string, paths: readonly string[], options?: { fresh?: boolean }): Promise<StepRecord[]>
  /** All of a task's, or those that are asked for, in the order of their keys. */
  listSteps(taskId: string, options?: ListSteps): Promise<StepRecord[]>
  /** By path, the inputs that are kept of these steps, each of the latest run of its step. */
  findInputs(taskId: string, paths: readonly string[]): Promise<Map<string, StoredValue>>
}
