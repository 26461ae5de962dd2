import type { KeptEstimate } from '../domain/estimate.ts'
import type { Json } from '../domain/json.ts'
import type { Binding, Decision, Gate } from '../domain/plan.ts'
import type { Prefer } from '../domain/prefer.ts'
import type { Approval, Attempt, KeptOutput, StepRecord, StoredValue } from '../domain/step.ts'
import type { EndedTask, OpenTask, Task, TaskStatus, TaskTerms } from '../domain/task.ts'
import type { Workflow } from '../workflow/schema.ts'

/** Immutable once written: what a task was asked, and how it will be run. A retry has a plan of its own. */
export type Plan = TaskTerms & {
  taskId: string
  /** The first where it is not said. */
  execution?: number
  /** Of what a retry wished otherwise. */
  retryDigest?: string
  stateMachineArn: string
  workflow: Workflow
  input: Json
  bindings: Record<string, Binding>
  decisions: Decision[]
  gates: Gate[]
  /** For each child workflow, by place, what it is called, and the version that was the newest at planning where those do not change. */
  children?: Record<string, { name: string; version?: number }> | undefined
  prefer?: Prefer | undefined
  estimate?: KeptEstimate | undefined
  /** On a machine that workflows of one shape share: where each step stands in it. */
  positions?: Record<string, string> | undefined
}

export type TaskPage = { tasks: Task[]; cursor?: string | undefined }

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

/** Tasks, their plans and their steps. Every write is one conditional write of one item. */
export type TaskStore = {
  /** False when this execution of the task already has a plan; the first stays. */
  createPlan(plan: Plan): Promise<boolean>
  /** Throws NotFoundError. */
  getPlan(taskId: string, execution?: number): Promise<Plan>
  /** False when the task already exists; the first stays. */
  createTask(task: OpenTask): Promise<boolean>
  findTask(taskId: string): Promise<Task | undefined>
  /** A queued task runs from here on; false when it was not queued. */
  beginTask(task: OpenTask): Promise<boolean>
  /** False when the task has ended already, or another execution runs it now. */
  endTask(task: EndedTask): Promise<boolean>
  /**
   * Says of an ended task how long all that it has is kept. To be called when its end has been told, and again when its execution has
   * ended: steps may have begun until then. Changes nothing of a task that has been opened again.
   */
  settleTask(task: EndedTask): Promise<void>
  /** Puts an ended task's next execution in the place of one; false when that was not its last, or it is open. */
  reopenTask(task: OpenTask, before: number): Promise<boolean>
  listTasks(query: { tenant: string; status?: TaskStatus; limit: number; cursor?: string }): Promise<TaskPage>
  /** Open tasks of all tenants, oldest first, those created after `after` where it is given. */
  listOpenTasks(query: { createdBefore: string; after?: OpenTask; limit: number }): Promise<OpenTask[]>

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
  /** Adds a step to those that have passed the gate before another in an execution; answers how many have, and who waits. Idempotent. */
  passGate(
    runKey: string,
    before: string,
    stepId: string,
  ): Promise<{ done: number; token: string | undefined }>
  findSteps(taskId: string, paths: readonly string[]): Promise<StepRecord[]>
  listSteps(taskId: string): Promise<StepRecord[]>

  /** What an equal step has answered; may have expired. */
  findOutput(key: string): Promise<KeptOutput | undefined>
  keepOutput(key: string, kept: KeptOutput): Promise<void>

  /** A value as it is kept: inline when small, else put in the blob store first. */
  storeValue(taskId: string, value: Json): Promise<StoredValue>
  loadValue(stored: StoredValue): Promise<Json>
}
